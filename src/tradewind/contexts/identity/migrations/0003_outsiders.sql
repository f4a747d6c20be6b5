-- Users whom an outside issuer of tokens vouches for; their login is none that anybody can log in with here.
ALTER TABLE identity.account
    ADD COLUMN issuer         text,
    ADD COLUMN outside_email  text;
