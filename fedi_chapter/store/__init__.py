"""SQL: the only room that imports SQLAlchemy. One file per noun; domain objects go in and out."""
