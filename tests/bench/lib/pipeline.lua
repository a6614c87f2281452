-- pipeline.lua - for wrk: as many requests as the first argument says, in one write.
init = function(args)
    local requests = {}
    for i = 1, tonumber(args[1]) do
        requests[i] = wrk.format()
    end
    batch = table.concat(requests)
end

request = function()
    return batch
end
