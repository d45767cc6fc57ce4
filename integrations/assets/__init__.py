"""The pictures of mails, for everybody who opens one."""
