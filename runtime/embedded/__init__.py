"""Real servers from wheels, for `hub up` and the tests: never for production."""
