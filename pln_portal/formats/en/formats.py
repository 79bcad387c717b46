"""18 February 2022, 14:30 WIB: what differs from Django's own formats of this language."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i T"
SHORT_DATETIME_FORMAT = "j M Y, H:i T"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 1
