-- A guest who logs in takes along what was redeemed, also what was given back since; the index of limits has no such rows.
DROP INDEX CONCURRENTLY IF EXISTS pricing.redemption_by_customer;
CREATE INDEX CONCURRENTLY redemption_by_customer ON pricing.redemption (customer_id);
DROP INDEX CONCURRENTLY IF EXISTS pricing.flash_sale_redemption_by_customer;
CREATE INDEX CONCURRENTLY flash_sale_redemption_by_customer ON pricing.flash_sale_redemption (customer_id);
