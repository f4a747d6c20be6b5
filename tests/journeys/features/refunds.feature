Feature: Paying back
  What the shop gives back, it gives back once: by an amount or by the goods, in parts or whole, never more than was paid.

  Background:
    Given the shop sells "The Cartographer's Last Winter" for 15.00 EUR, 10 in stock
    And a coupon that takes 10 percent off
    And a guest
    When they put 4 of "The Cartographer's Last Winter" into a cart
    And they ask what it costs to send it to Germany with the coupon
    And they check out and pay
    And the order is paid

  Scenario: Some of it is paid back, by an amount and by the goods
    When the shop pays 5.00 EUR back
    And the shop pays 1 of "The Cartographer's Last Winter" back
    Then 18.50 EUR went back
    And 6 of "The Cartographer's Last Winter" are left
    And the auditor finds nothing

  Scenario: All of it is paid back, and not a cent more
    When the shop pays 4 of "The Cartographer's Last Winter" back
    Then 54.00 EUR went back
    And the rest can be paid back, and nothing beyond it
    And the auditor finds nothing

  Scenario: What was changed and is paid back comes from all that was paid
    Given the shop sells "Small Weather" for 9.00 EUR, 5 in stock
    When they change the order to 4 of "The Cartographer's Last Winter" and 2 of "Small Weather"
    Then the change is done, and what they pay is what the order comes to
    And the rest can be paid back, and nothing beyond it
    And the auditor finds nothing
