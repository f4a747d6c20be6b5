Feature: Buying with an account
  Who has an account finds again what they did as a guest, and may say what they think of it.

  Scenario: A guest registers, keeps the cart, buys with a coupon and reviews
    Given the shop sells "A Winter of Small Fires" for 20.00 EUR, 10 in stock
    And a coupon that takes 10 percent off
    And a guest
    When they put 2 of "A Winter of Small Fires" into a cart
    And they register, prove their address and log in
    Then their cart holds 2 of "A Winter of Small Fires"
    When they ask what it costs to send it to Germany with the coupon
    Then 4.00 EUR come off and the explanation says why
    When they check out and pay
    Then the order is confirmed at exactly that price
    And it is among their orders
    When they give "A Winter of Small Fires" 4 stars
    Then everybody sees a verified review and an average of 4 stars

  Scenario: An order placed as a guest is claimed once the address is proved, not before
    Given the shop sells "A Winter of Small Fires" for 20.00 EUR, 10 in stock
    And a guest
    When they put 1 of "A Winter of Small Fires" into a cart
    And they ask what it costs to send it to Germany
    And they check out and pay
    Then the order is confirmed at exactly that price
    When they register anew with the address of that order
    Then the order is not among their orders
    When they prove their address
    Then it is among their orders

  Scenario: Logging out ends the session at once
    Given somebody with an account
    When they log out
    Then their token is refused at the next request
