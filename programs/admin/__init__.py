from programs.admin import program, winners  # noqa: F401  (registers the pages)
