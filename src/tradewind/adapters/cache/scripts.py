"""What Redis does to the shared cache, each in one step that nobody sees half of.

Under `<space>v:<key>` lies a value: `body`, and up to which place it is complete, by who writes (`c:<by>`). Under
`<space>t:<tag>` the keys of what has a tag; under `<space>f:<tag>` for which events it was forgotten last, by who
writes. Places are words that sort as places do. Not for a Redis cluster: keys follow from arguments.

`<space>heard` is there while a stream job vouches that values are forgotten for events of other logs, too
(vouching.py): its `era`, a floor of each partition (`f:<topic>/<partition>`), the floor to come (`n:…`), and which
server it is. What shows such events carries the era in which it was kept, and is given in that era only.
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
_NOW: Final = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
"""
GET: Final = """
local heard = redis.call('HGET', ARGV[1] .. 'heard', 'era')
local vouched = heard and 1 or 0
local value = ARGV[1] .. 'v:' .. ARGV[2]
local body = redis.call('HGET', value, 'body')
if not body then return {vouched} end
local era = redis.call('HGET', value, 'era')
if era and era ~= heard then return {vouched} end
return {vouched, body, redis.call('PTTL', value)}
"""
"""space, key → (whether a job vouches) or (whether, body, milliseconds left)."""
KEEP: Final = (
    _FORGOTTEN
    + """
local space, key, body, ttl_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local complete, tags, said = cjson.decode(ARGV[5]), cjson.decode(ARGV[6]), ARGV[7] == '1'
local elsewhere, era = cjson.decode(ARGV[9]), false
local function outdated(tag)
  local marks = redis.call('HGETALL', space .. 'f:' .. tag)
  for i = 1, #marks, 2 do
    local counts = not said or marks[i] == ''
    if counts and (complete[marks[i]] or '') < marks[i + 1] then return true end
  end
  return false
end
if #elsewhere > 0 then
  local heard = redis.call('HGETALL', space .. 'heard')
  for i = 1, #heard, 2 do
    if heard[i] == 'era' then era = heard[i + 1] end
    if string.sub(heard[i], 1, 2) == 'f:' then
      for _, by in ipairs(elsewhere) do
        if (complete[by .. '@' .. string.sub(heard[i], 3)] or '') < heard[i + 1] then return 0 end
      end
    end
  end
  if not era then return 0 end
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
if era then redis.call('HSET', value, 'era', era) end
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
"""space, key, body, ttl, complete, tags, whether an event said it, how long marks last, who writes by events of other
logs → whether it is kept."""
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
LOOK: Final = (
    _NOW
    + """
local era = redis.call('HGET', ARGV[1] .. 'heard', 'era')
if era then return {now_ms, era, 0} end
local opening = ARGV[1] .. 'opening'
local known = redis.call('GET', opening)
if not known then
  redis.call('SET', opening, ARGV[2], 'PX', ARGV[3])
  known = ARGV[2]
end
return {now_ms, known, 1}
"""
)
"""space, a name that nothing had before, how long it stays → (milliseconds, era, whether it has yet to begin)."""
VOUCH: Final = (
    _NOW
    + """
local heard, opening = ARGV[1] .. 'heard', ARGV[1] .. 'opening'
local era, begins, server, places = ARGV[2], ARGV[3] == '1', ARGV[4], cjson.decode(ARGV[7])
local left_ms = tonumber(ARGV[5]) - now_ms
if left_ms <= 0 then return 0 end
local known = redis.call('HGET', heard, 'era')
if not known then
  if not begins or redis.call('GET', opening) ~= era then return 0 end
  redis.call('DEL', opening)
  redis.call('HSET', heard, 'era', era, 'server', server, 'at', now_ms)
  for where, place in pairs(places) do redis.call('HSET', heard, 'f:' .. where, place, 'n:' .. where, place) end
elseif known ~= era then
  return 0
elseif redis.call('HGET', heard, 'server') ~= server then
  redis.call('DEL', heard)
  return 0
elseif now_ms - redis.call('HGET', heard, 'at') > tonumber(ARGV[6]) then
  redis.call('HSET', heard, 'at', now_ms)
  for where, place in pairs(places) do
    redis.call('HSET', heard, 'f:' .. where, redis.call('HGET', heard, 'n:' .. where) or place, 'n:' .. where, place)
  end
end
if redis.call('PTTL', heard) < left_ms then redis.call('PEXPIRE', heard, left_ms) end
return 1
"""
)
"""space, era, whether it is to begin, server, until when (milliseconds), how long floors stay, places by partition →
whether anybody may believe it."""
