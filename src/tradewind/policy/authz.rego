# Who may do what. Deny by default: a role gets what is written here and nothing else.
# The roles' permissions are also the scopes that tokens carry; a token's scopes narrow its roles, never widen them.
package tradewind.authz

import rego.v1

default allow := false

# Facts of the thing itself; absent while the question is only about the action.
resource := object.get(input, "resource", {})

# What a role may do. "*" is everything, listed or not; no token of a person but the admin's carries it.
permissions := {
	"anonymous": {"catalog:read"},
	"guest": {"order:write", "order:read", "catalog:read", "cart:write"},
	"customer": {
		"order:write", "order:read", "catalog:read", "cart:write", "review:write",
		"customer:read", "customer:write", "session:write",
	},
	"warehouse": {"inventory:write", "shipping:write", "catalog:read", "session:write"},
	"merchandiser": {
		"catalog:write", "pricing:write", "catalog:read", "review:moderate", "customer:group", "analytics:read", "session:write",
	},
	"support": {
		"order:read", "order:cancel", "payment:read", "catalog:read", "cart:read", "customer:read",
		"customer:group", "customer:privacy", "review:moderate", "session:write", "notification:read",
		"order:search",
	},
	"admin": {"*"},
	"system": {"*"},
}

# What an action needs; any one of the set is enough. An action that is not listed is for "*" only.
needs := {
	"orders.place": {"order:write"},
	"orders.pay": {"order:write"},
	"orders.cancel": {"order:write", "order:cancel"},
	"orders.edit": {"order:write", "order:cancel"},
	"orders.get": {"order:read"},
	"orders.list": {"order:read"},
	"orders.search": {"order:search"},
	"carts.open": {"cart:write"},
	"carts.change": {"cart:write"},
	"carts.quote": {"cart:write"},
	"carts.list": {"cart:write"},
	"carts.get": {"cart:write", "cart:read"},
	"carts.replay": {"cart:read"},
	"payments.get": {"payment:read"},
	"payments.keep_methods": {"customer:write"},
	"payments.carry": {"payment:carry"},
	"shipping.get": {"order:read", "shipping:write"},
	"returns.request": {"order:write", "order:cancel"},
	"returns.get": {"order:read", "shipping:write"},
	"returns.decide": {"order:cancel"},
	"returns.handle": {"shipping:write"},
	"catalog.create_product": {"catalog:write"},
	"catalog.update_product": {"catalog:write"},
	"catalog.archive_product": {"catalog:write"},
	"catalog.add_variant": {"catalog:write"},
	"catalog.create_category": {"catalog:write"},
	"catalog.update_category": {"catalog:write"},
	"catalog.add_image": {"catalog:write"},
	"catalog.arrange_image": {"catalog:write"},
	"catalog.remove_image": {"catalog:write"},
	"catalog.see_all": {"catalog:write"},
	"catalog.list_categories": {"catalog:read"},
	"catalog.import_products": {"catalog:write"},
	"catalog.get_media": {"catalog:read"},
	"catalog.get_product": {"catalog:read"},
	"catalog.list_products": {"catalog:read"},
	"catalog.search_products": {"catalog:read"},
	"pricing.set_price": {"pricing:write"},
	"pricing.get_price_history": {"pricing:write"},
	"pricing.start_flash_sale": {"pricing:write"},
	"pricing.end_flash_sale": {"pricing:write"},
	"pricing.list_flash_sales": {"catalog:read"},
	"pricing.make_quote": {"catalog:read"},
	"pricing.list_price_overrides": {"pricing:write"},
	"pricing.create_price_book": {"pricing:write"},
	"pricing.list_price_books": {"pricing:write"},
	"pricing.get_price_book": {"pricing:write"},
	"pricing.change_price_book": {"pricing:write"},
	"pricing.enter_prices": {"pricing:write"},
	"pricing.publish_price_book": {"pricing:write"},
	"pricing.create_promotion": {"pricing:write"},
	"pricing.get_promotion": {"pricing:write"},
	"pricing.list_promotions": {"pricing:write"},
	"pricing.change_promotion": {"pricing:write"},
	"pricing.activate_promotion": {"pricing:write"},
	"pricing.pause_promotion": {"pricing:write"},
	"pricing.end_promotion": {"pricing:write"},
	"pricing.make_coupons": {"pricing:write"},
	"pricing.list_coupons": {"pricing:write"},
	"pricing.set_taxes": {"pricing:write"},
	"pricing.list_taxes": {"pricing:write"},
	"pricing.classify_products": {"pricing:write"},
	"inventory.adjust_stock": {"inventory:write"},
	"inventory.query_stock": {"catalog:read"},
	"inventory.list_stock": {"inventory:write", "catalog:write"},
	"inventory.manage_warehouses": {"inventory:write"},
	"inventory.transfer": {"inventory:write"},
	"inventory.count_stock": {"inventory:write"},
	"inventory.backorder": {"inventory:write"},
	"inventory.replenish": {"inventory:write"},
	"inventory.purchase": {"inventory:write"},
	"inventory.claim": {"inventory:write"},
	"inventory.set_bundle": {"inventory:write"},
	"inventory.list_warehouses": {"inventory:write"},
	"analytics.read": {"analytics:read"},
	"recommendations.with_product": {"catalog:read"},
	"recommendations.for_you": {"catalog:read"},
	"recommendations.search": {"catalog:read"},
	"recommendations.find_nearest": {"catalog:read"},
	"recommendations.assist": {"catalog:read"},
	"reviews.write": {"review:write"},
	"reviews.edit": {"review:write"},
	"reviews.vote": {"review:write"},
	"reviews.delete": {"review:write", "review:moderate"},
	"reviews.moderate": {"review:moderate"},
	"reviews.reply": {"review:moderate"},
	"reviews.list_queue": {"review:moderate"},
	"reviews.get": {"catalog:read"},
	"reviews.list": {"catalog:read"},
	"shipping.quote_rates": {"catalog:read"},
	"shipping.dispatch": {"shipping:write"},
	"shipping.pick": {"shipping:write"},
	"shipping.set_rates": {"pricing:write"},
	"shipping.measure": {"shipping:write", "catalog:write"},
	"shipping.deliver": {"shipping:write"},
	"shipping.report_loss": {"shipping:write"},
	"shipping.replace_parcel": {"shipping:write"},
	"shipping.unpack_parcel": {"shipping:write"},
	"customers.get": {"customer:read"},
	"customers.change": {"customer:write"},
	"customers.groups": {"customer:group"},
	"notifications.list": {"notification:read"},
	"notifications.register_device": {"customer:write"},
	"notifications.report_bounce": {"notification:write"},
	"privacy.export": {"customer:write", "customer:privacy"},
	"privacy.erase": {"customer:write", "customer:privacy"},
	"identity.get_own_account": {"session:write"},
	"identity.list_sessions": {"session:write"},
	"identity.end_session": {"session:write"},
	"identity.change_password": {"session:write"},
}

# How one becomes somebody, how others check it, what a keyed link allows, and what is known by its own signature: open
# to all, whatever they carry.
open := {
	"identity.issue_guest_token", "identity.issue_token", "identity.publish_keys", "notifications.unsubscribe",
	"payments.take_notice",
	"shipping.hear_carrier",
}

# Those who shop see and touch only what is theirs.
shoppers := {"anonymous", "guest", "customer"}

# S0-95, D36: a customer cancels only while nothing has been promised for good.
pending := {"PENDING_RESERVATION", "RESERVED", "PENDING_PAYMENT"}

allow if input.action in open

allow if {
	some role in input.roles
	some permission in needs[input.action]
	permission in permissions[role]
	in_scope(permission)
	within_reach(role)
}

allow if {
	some role in input.roles
	"*" in permissions[role]
	everything_in_scope
}

# A token of an admin may be narrowed to one scope; then it does what that scope allows.
allow if {
	some role in input.roles
	"*" in permissions[role]
	some permission in needs[input.action]
	permission in input.scopes
}

within_reach(role) if not role in shoppers

within_reach(role) if {
	role in shoppers
	object.get(resource, "owner", true) == true
	status_allows
}

status_allows if input.action != "orders.cancel"

status_allows if object.get(resource, "status", "RESERVED") in pending

in_scope(permission) if permission in input.scopes

in_scope(_) if everything_in_scope

everything_in_scope if "*" in input.scopes

# No scopes at all: the actor was not made from a token (a token without scope is refused before it gets here).
everything_in_scope if count(input.scopes) == 0
