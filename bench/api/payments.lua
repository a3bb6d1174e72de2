-- Each request is a new payment: a key of its own, names that change. Prints what was measured as one line of JSON.
local threads = 0

function setup(thread)
  thread:set('number', threads)
  threads = threads + 1
end

function init()
  -- The clock's bits, so that two runs share no key.
  prefix = string.format('%d-%d-', os.time(), number) .. string.format('%p', {}) .. '-'
  authorization = 'Bearer ' .. (os.getenv('BENCH_API_KEY') or '')
  sent = 0
  refused = 0
end

function request()
  sent = sent + 1
  local body = string.format('{"src":"account-%d","dest":"account-%d","amount":"%d.%02d","currency":"EUR"}',
    sent % 1000, (sent * 7 + 1) % 1000 + 1000, 1 + sent % 99, sent % 100)
  return wrk.format('POST', '/payments', {
    ['Content-Type'] = 'application/json', ['Idempotency-Key'] = prefix .. sent, ['Authorization'] = authorization }, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
