/* OIDs of PostgreSQL's built-in types, fixed in its catalogue (src/include/catalog/pg_type.dat). */
#ifndef DASTERN_DB_PG_TYPES_H
#define DASTERN_DB_PG_TYPES_H

enum pg_type {
    PG_BOOL = 16, PG_BYTEA = 17, PG_INT8 = 20, PG_INT2 = 21, PG_INT4 = 23, PG_TEXT = 25, PG_JSON = 114,
    PG_FLOAT4 = 700, PG_FLOAT8 = 701, PG_INT4_ARRAY = 1007, PG_TEXT_ARRAY = 1009, PG_VARCHAR = 1043, PG_DATE = 1082,
    PG_TIME = 1083, PG_TIMESTAMPTZ = 1184, PG_NUMERIC = 1700, PG_VOID = 2278, PG_UUID = 2950, PG_UUID_ARRAY = 2951,
    PG_JSONB = 3802
};

#endif
