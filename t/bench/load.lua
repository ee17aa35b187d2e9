-- What wrk does for make bench: requests with the cookies of the file $PD_COOKIES, each in its turn beginning with
-- number $PD_COOKIES_FROM and far apart, and at the end one line: requests, microseconds, bytes, answers
-- of 400 and more, connections cut, p50 and p99 in microseconds.
local path = os.getenv("PD_COOKIES")
if path and path ~= "" then
    local requests, turn = {}, tonumber(os.getenv("PD_COOKIES_FROM") or "0")
    function init(args)
        for line in io.lines(path) do
            wrk.headers["Cookie"] = line
            requests[#requests + 1] = wrk.format()
        end
    end
    function request()
        turn = turn + 1
        return requests[turn * 7919 % #requests + 1] -- a prime: every one gets its turn
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    local cut = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("figures %d %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
        errors.status, cut, latency:percentile(50), latency:percentile(99)))
end
