-- What a table holds, in two numbers that do not depend on the order of its rows; and emptying one that is to be learned
-- again from the log. A stamp says by which transaction a row was written, not what it holds: it is left out.
CREATE FUNCTION runtime.digest_of(name regclass) RETURNS TABLE (row_count bigint, checksum text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT count(*), coalesce(sum(hashtextextended((to_jsonb(t) - ''stamp'')::text, 0)), 0)::text FROM %s AS t',
        name);
END
$$;
CREATE FUNCTION runtime.empty_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('TRUNCATE %s', name);
END
$$;
