"""Back office of customers: the customers, the terms they are supplied under, imports, who read what."""

from customers.admin import access, customers, imports, reference

__all__ = ["access", "customers", "imports", "reference"]
