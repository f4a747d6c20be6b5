Feature: Parcels that are lost
  What does not arrive is sent once more, or paid back; nobody pays for what they have not got.

  Background:
    Given the shop sells "Gardens of the Moonlit Quay" for 8.00 EUR, 10 in stock
    And a guest
    When they put 3 of "Gardens of the Moonlit Quay" into a cart
    And they ask what it costs to send it to Germany
    And they check out and pay
    And the parcel is lost on its way

  Scenario: A lost parcel is sent once more
    When the warehouse sends it once more
    And the parcel has reached them
    Then 4 of "Gardens of the Moonlit Quay" are left
    And the auditor finds nothing

  Scenario: A lost parcel is paid back
    When the shop pays everything back
    Then they have everything back
    And 7 of "Gardens of the Moonlit Quay" are left
    And the auditor finds nothing
