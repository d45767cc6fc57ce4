"""What happens to an event: accepted, applied to its profile, routed to the journeys it concerns."""
