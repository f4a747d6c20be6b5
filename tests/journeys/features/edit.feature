Feature: Changing an order before it leaves the house
  Until the parcel is picked up its buyer may have other things, more or fewer, or have them sent elsewhere. The shop
  prices it again; nobody pays for what they do not get, and nobody gets what they do not pay for.

  Background:
    Given the shop sells "A Lantern for the Marsh" for 10.00 EUR, 10 in stock
    And the shop sells "Nine Small Bridges" for 4.00 EUR, 3 in stock
    And a guest
    When they put 3 of "A Lantern for the Marsh" into a cart
    And they ask what it costs to send it to Germany
    And they check out and pay
    And the order is paid

  Scenario: What is added is charged
    When they change the order to 4 of "A Lantern for the Marsh" and 2 of "Nine Small Bridges"
    Then the change is done, and what they pay is what the order comes to
    And the order has 4 of "A Lantern for the Marsh" and 2 of "Nine Small Bridges"
    And 6 of "A Lantern for the Marsh" are left
    And 1 of "Nine Small Bridges" are left
    And the parcel has reached them
    And the auditor finds nothing

  Scenario: What is taken out is paid back
    When they change the order to 1 of "A Lantern for the Marsh" and 0 of "Nine Small Bridges"
    Then the change is done, and what they pay is what the order comes to
    And the order has 1 of "A Lantern for the Marsh" and 0 of "Nine Small Bridges"
    And 9 of "A Lantern for the Marsh" are left
    And the auditor finds nothing

  Scenario: What the bank will not pay for is not changed
    When they change the order to 3 of "A Lantern for the Marsh" and 2 of "Nine Small Bridges" by a card that is declined
    Then the change is refused because of "payment declined: insufficient_funds"
    And the order has 3 of "A Lantern for the Marsh" and 0 of "Nine Small Bridges"
    And 3 of "Nine Small Bridges" are left
    And the parcel has reached them
    And the auditor finds nothing

  Scenario: It is sent elsewhere
    When they have it sent to another street
    Then the parcel goes there
    And the auditor finds nothing

  Scenario: What cannot be done is refused
    Then they cannot have 4 of "Nine Small Bridges" in it
    And nobody else may change the order, and nobody who has not looked at it
    And once the parcel is on its way they cannot change it
    And the auditor finds nothing
