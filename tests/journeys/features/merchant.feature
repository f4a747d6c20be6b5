Feature: Running the shop
  A merchant decides what is sold at which price; buyers see it, and see why.

  Scenario: A new product can be found, and not any more once it is archived
    Given the shop sells "Lanterns over Harrowgate" for 15.00 EUR, 3 in stock
    When a guest searches for "lanterns harrowgate"
    Then the first hit is "Lanterns over Harrowgate" for 15.00 EUR
    When the merchant archives "Lanterns over Harrowgate"
    Then "lanterns harrowgate" finds nothing of that name
    And it cannot be ordered

  Scenario: A flash sale sells what it promised, and no more
    Given the shop sells "The Cartographer of Tides" for 30.00 EUR, 100 in stock
    When the merchant starts a flash sale of 3 of it for 10.00 EUR, 2 a buyer
    Then a guest sees it for 10.00 EUR
    And a buyer gets 2 of it for 10.00 EUR each
    And that buyer is refused one more as "flash-sale-limit"
    And another buyer is refused 2 as "flash-sale-sold-out"

  Scenario: Only an administrator overrides a price, and says why
    Given the shop sells "The Cartographer of Tides" for 30.00 EUR, 100 in stock
    Then a merchandiser may not override the price
    When an administrator overrides the price to 25.00 EUR because "a misprint in the catalogue"
    Then a guest sees it for 25.00 EUR
