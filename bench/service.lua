-- What wrk sends: one row of 13 numbers to be classified.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = "[[0.1,-0.4,1.2,0.7,-1.1,0.3,0.9,-0.2,0.5,-0.8,1.4,0.6,-0.3]]"
