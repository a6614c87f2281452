-- mix.lua - of twenty requests: sixteen reads, two lists, one new user, one changed user.
local users = tonumber(os.getenv("USERS"))
local json = {["Content-Type"] = "application/json"}
local threads = 0
local count = 0

-- Each thread of wrk has a state of its own: a number makes its users different from the others'.
function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

local function user(name, email)
    return string.format('{"name":"%s","email":"%s@example.org"}', name, email)
end

function request()
    count = count + 1
    local id = (count * number) % users + 1
    local kind = count % 20
    if kind == 5 then
        local email = "new" .. number .. "." .. count
        return wrk.format("POST", "/users", json, user("New User", email))
    elseif kind == 10 then
        return wrk.format("PUT", "/users/" .. id, json, user("Changed " .. count, "user" .. id))
    elseif kind == 15 or kind == 16 then
        return wrk.format("GET", "/users?limit=10&after=" .. id)
    end
    return wrk.format("GET", "/users/" .. id)
end

-- One line for demo.sh: requests, errors, microseconds.
function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("result: %d %d %d\n", summary.requests,
        e.connect + e.read + e.write + e.timeout + e.status, summary.duration))
end
