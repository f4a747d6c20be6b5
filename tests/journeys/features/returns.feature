Feature: Giving things back
  What was bought may come back: all or some of it, once, and what was paid for it goes back to the cent.

  Background:
    Given the shop sells "The Salt Path Reckoning" for 12.50 EUR, 10 in stock
    And a coupon that takes 10 percent off
    And a guest
    When they put 3 of "The Salt Path Reckoning" into a cart
    And they ask what it costs to send it to Germany with the coupon
    And they check out and pay
    And the parcel has reached them

  Scenario: Some of an order comes back and its part of the price goes back
    When they ask to give 2 of "The Salt Path Reckoning" back
    And support lets it come back
    And the warehouse finds 1 to sell again, 1 to throw away and 0 to refuse
    Then they have 22.50 EUR back
    And 8 of "The Salt Path Reckoning" are left
    And they may give 1 of "The Salt Path Reckoning" back, and not 2
    And the auditor finds nothing

  Scenario: An order that comes back in parts brings exactly what its goods cost
    When they give 1 of "The Salt Path Reckoning" back and it is taken
    And they give 1 of "The Salt Path Reckoning" back and it is taken
    And they give 1 of "The Salt Path Reckoning" back and it is taken
    Then they have 33.75 EUR back
    And 10 of "The Salt Path Reckoning" are left
    And the auditor finds nothing

  Scenario: What nobody wants back brings nothing
    When they ask to give 1 of "The Salt Path Reckoning" back
    And support lets it come back
    And the warehouse finds 0 to sell again, 0 to throw away and 1 to refuse
    Then they have 0.00 EUR back
    And 7 of "The Salt Path Reckoning" are left
    And the auditor finds nothing

  Scenario: What came back is exchanged
    Given the shop sells "Tides and Other Clocks" for 20.00 EUR, 5 in stock
    When they ask for 1 of "Tides and Other Clocks" instead of 2 of "The Salt Path Reckoning"
    And support lets it come back
    And the warehouse finds 1 to sell again, 1 to throw away and 0 to refuse
    Then they have 22.50 EUR back
    And 1 of "Tides and Other Clocks" is on its way to them, paid for
    And 20.00 EUR of that were paid by what came back, and nothing by card
    And 4 of "Tides and Other Clocks" are left
    And 8 of "The Salt Path Reckoning" are left
    And the auditor finds nothing

  Scenario: What came back is exchanged for something dearer
    Given the shop sells "Tides and Other Clocks" for 20.00 EUR, 5 in stock
    When they ask for 1 of "Tides and Other Clocks" instead of 1 of "The Salt Path Reckoning"
    And support lets it come back
    And the warehouse finds 1 to sell again, 0 to throw away and 0 to refuse
    Then they have 11.25 EUR back
    And 1 of "Tides and Other Clocks" is on its way to them, paid for
    And 11.25 EUR of that were paid by what came back, and 8.75 EUR by card
    And the auditor finds nothing
