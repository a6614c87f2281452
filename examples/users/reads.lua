-- reads.lua - GET /users/{id}, one id after the other. USERS says how many there are.
local users = tonumber(os.getenv("USERS"))
local id = 0

function request()
    id = id % users + 1
    return wrk.format("GET", "/users/" .. id)
end

-- One line for demo.sh: requests, errors, microseconds.
function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("result: %d %d %d\n", summary.requests,
        e.connect + e.read + e.write + e.timeout + e.status, summary.duration))
end
