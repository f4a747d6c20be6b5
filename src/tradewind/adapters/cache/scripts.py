"""What Redis does to the shared cache, each in one step that nobody sees half of.

Under `<space>v:<key>` lies a value: `body`, and up to which place it is complete, by who writes (`c:<by>`). Under
`<space>t:<tag>` the keys of what has a tag; under `<space>f:<tag>` for which events it was forgotten last, by who
writes. Places are words that sort as places do. Not for a Redis cluster: keys follow from arguments.
"""

from typing import Final

_FORGOTTEN: Final = """
local function forgotten(space, tag, by, place, keep_ms)
  local marks = space .. 'f:' .. tag
  local known = redis.call('HGET', marks, by)
  if not known or known < place then redis.call('HSET', marks, by, place) end
  redis.call('PEXPIRE', marks, keep_ms)
end
"""
GET: Final = """
local value = ARGV[1] .. 'v:' .. ARGV[2]
local body = redis.call('HGET', value, 'body')
if not body then return false end
return {body, redis.call('PTTL', value)}
"""
"""space, key → (body, milliseconds left) or nothing."""
KEEP: Final = (
    _FORGOTTEN
    + """
local space, key, body, ttl_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local complete, tags, said = cjson.decode(ARGV[5]), cjson.decode(ARGV[6]), ARGV[7] == '1'
local function outdated(tag)
  local marks = redis.call('HGETALL', space .. 'f:' .. tag)
  for i = 1, #marks, 2 do
    local counts = not said or marks[i] == ''
    if counts and (complete[marks[i]] or '') < marks[i + 1] then return true end
  end
  return false
end
if outdated(key) then return 0 end
for _, tag in ipairs(tags) do
  if outdated(tag) then return 0 end
end
local value = space .. 'v:' .. key
local born = redis.call('HGET', value, 'c:')
if born and (complete[''] or '') < born then return 0 end
if said then forgotten(space, key, '', complete[''], ARGV[8]) end
redis.call('UNLINK', value)
redis.call('HSET', value, 'body', body)
for by, place in pairs(complete) do redis.call('HSET', value, 'c:' .. by, place) end
redis.call('PEXPIRE', value, ttl_ms)
for _, tag in ipairs(tags) do
  local tagged = space .. 't:' .. tag
  redis.call('SADD', tagged, key)
  if redis.call('PTTL', tagged) < ttl_ms then redis.call('PEXPIRE', tagged, ttl_ms) end
end
return 1
"""
)
"""space, key, body, ttl, complete, tags, whether an event said it, how long marks last → whether it is kept."""
FORGET: Final = (
    _FORGOTTEN
    + """
local space, keep_ms = ARGV[1], ARGV[2]
local function drop(key, by, place)
  local value = space .. 'v:' .. key
  if redis.call('EXISTS', value) == 0 then return true end
  if (redis.call('HGET', value, 'c:' .. by) or '') >= place then return false end
  redis.call('UNLINK', value)
  return true
end
for _, said in ipairs(cjson.decode(ARGV[3])) do
  local by, place = said[1], said[2]
  for _, tag in ipairs(said[3]) do
    forgotten(space, tag, by, place, keep_ms)
    drop(tag, by, place)
    local tagged = space .. 't:' .. tag
    for _, key in ipairs(redis.call('SMEMBERS', tagged)) do
      if drop(key, by, place) then redis.call('SREM', tagged, key) end
    end
  end
end
return 1
"""
)
"""space, how long marks last, a list of (by, place, tags): whatever was complete before that place goes."""
