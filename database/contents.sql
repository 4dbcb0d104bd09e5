-- What a database holds, as lines to compare (scripts/backup writes them down, scripts/restore asks again): of each table how many rows
-- and a sum over what is in them, of each chain of the audit log where it ends. Runs as superuser, in the caller's transaction.
SET LOCAL search_path = public;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SELECT format('SELECT concat_ws('' '', ''table'', %L, count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)) FROM ONLY %I t', relname, relname)
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
SELECT concat_ws(' ', 'chain', chain, seq, encode(hash, 'hex')) FROM audit_heads WHERE seq > 0 ORDER BY chain;
