-- What never came, or never went back, counts below zero in the minute in which that is told.
ALTER TABLE streams.revenue
    DROP CONSTRAINT revenue_captured_minor_check,
    DROP CONSTRAINT revenue_refunded_minor_check;
