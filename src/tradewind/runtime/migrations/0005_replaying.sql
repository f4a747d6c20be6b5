-- What a table holds, in two numbers that do not depend on the order of its rows; and emptying one that is to be learned
-- again from the log.
CREATE FUNCTION runtime.digest_of(name regclass) RETURNS TABLE (row_count bigint, checksum text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM %s AS t', name);
END
$$;
CREATE FUNCTION runtime.empty_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('TRUNCATE %s', name);
END
$$;
