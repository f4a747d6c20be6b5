-- What carriage costs: a zone for each country that is not simply abroad, and for each zone, method and currency a flat
-- amount with so much for each piece after the first. Amounts are in minor units, and made up. Where nobody carries
-- goods at all is said in _domain/countries.py.
CREATE TABLE shipping.zone (
    country  text PRIMARY KEY CHECK (country ~ '^[A-Z]{2}$'),
    zone     text NOT NULL CHECK (zone IN ('home', 'near'))
);
INSERT INTO shipping.zone (country, zone)
SELECT unnest(ARRAY['DE', 'GB', 'US', 'BR']), 'home'
UNION ALL
SELECT unnest(string_to_array('AT BE BG CH CY CZ DK EE ES FI FR GR HR HU IE IT LI LT LU LV MT NL NO PL PT RO SE SI SK '
                              'CA MX AR CL UY', ' ')), 'near';

CREATE TABLE shipping.rate (
    zone             text   NOT NULL CHECK (zone IN ('home', 'near', 'far')),
    method           text   NOT NULL CHECK (method IN ('standard', 'express', 'pickup')),
    currency         text   NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    flat_minor       bigint NOT NULL CHECK (flat_minor >= 0),
    per_piece_minor  bigint NOT NULL CHECK (per_piece_minor >= 0),
    PRIMARY KEY (zone, method, currency)
);
WITH cost (zone, method, flat, per_piece) AS (VALUES
    ('home', 'standard', 4.90, 0.20), ('home', 'express', 9.90, 0.50), ('home', 'pickup', 0.00, 0.00),
    ('near', 'standard', 9.90, 0.50), ('near', 'express', 19.90, 1.00),
    ('far', 'standard', 19.90, 1.50), ('far', 'express', 39.90, 3.00)),
currency (code, times, minor) AS (VALUES
    ('EUR', 1.0, 100), ('USD', 1.0, 100), ('GBP', 1.0, 100), ('CHF', 1.0, 100), ('CAD', 1.5, 100), ('AUD', 1.5, 100),
    ('NZD', 1.5, 100), ('SGD', 1.5, 100), ('BRL', 5.0, 100), ('MXN', 20.0, 100), ('PLN', 4.0, 100), ('CZK', 25.0, 100),
    ('SEK', 11.0, 100), ('NOK', 11.0, 100), ('DKK', 7.5, 100), ('HUF', 400.0, 100), ('RON', 5.0, 100),
    ('TRY', 35.0, 100), ('ZAR', 20.0, 100), ('INR', 90.0, 100), ('CNY', 8.0, 100), ('HKD', 8.0, 100),
    ('ILS', 4.0, 100), ('AED', 4.0, 100), ('JPY', 160.0, 1), ('KRW', 1500.0, 1), ('KWD', 0.3, 1000), ('BHD', 0.4, 1000))
INSERT INTO shipping.rate (zone, method, currency, flat_minor, per_piece_minor)
SELECT zone, method, code, round(flat * times * minor), round(per_piece * times * minor) FROM cost, currency;
