-- By which address an outside issuer vouches for somebody.
DROP INDEX CONCURRENTLY IF EXISTS identity.account_by_outside_email;
CREATE INDEX CONCURRENTLY account_by_outside_email ON identity.account (outside_email)
    WHERE outside_email IS NOT NULL;
