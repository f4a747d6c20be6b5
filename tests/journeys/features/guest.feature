Feature: Buying as a guest
  Nobody needs an account to buy something. What is shown before paying is what is charged.

  Background:
    Given the shop sells "The Salt Path Reckoning" for 12.50 EUR, 5 in stock
    And the shop sells "Gardens of the Moonlit Quay" for 8.00 EUR, 5 in stock
    And a guest

  Scenario: From a mistyped search to a confirmed order
    When they search for "salt pahth reckonign"
    Then the first hit is "The Salt Path Reckoning" for 12.50 EUR
    When they put 2 of "The Salt Path Reckoning" into a cart
    And they put 1 of "Gardens of the Moonlit Quay" into the cart
    And they ask what it costs to send it to Germany
    Then every step of the price adds up
    When they check out and pay
    Then the order is confirmed at exactly that price
    And 3 of "The Salt Path Reckoning" are left

  Scenario: The price shown is charged although it has changed since
    When they put 1 of "The Salt Path Reckoning" into a cart
    And they ask what it costs to send it to Germany
    And the merchant changes the price of "The Salt Path Reckoning" to 99.00 EUR
    And they check out and pay
    Then the order is confirmed at exactly that price

  Scenario: A cart that changed after the quote is not charged by it
    When they put 1 of "The Salt Path Reckoning" into a cart
    And they ask what it costs to send it to Germany
    And they put 1 of "Gardens of the Moonlit Quay" into the cart
    Then checking out is refused as "quote-outdated"
    And 5 of "The Salt Path Reckoning" are left

  Scenario: Somebody else's cart is none
    When they put 1 of "The Salt Path Reckoning" into a cart
    Then somebody else does not find the cart

  Scenario: A cart becomes one order, however often it is checked out
    When they put 1 of "The Salt Path Reckoning" into a cart
    And they ask what it costs to send it to Germany
    And they check out and pay
    Then the order is confirmed at exactly that price
    And checking out is refused as a conflict
