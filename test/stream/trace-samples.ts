// Stack traces as five languages print them, each one entry.

export interface TraceSample {
  readonly name: string;
  readonly text: string;
  /** Whether it can be told without its indentation too, which Akkeris takes off. */
  readonly isFlatToo: boolean;
}

export const TRACES: readonly TraceSample[] = [
  {
    name: 'Node: an error that was caught',
    isFlatToo: true,
    text: `TypeError: Cannot read properties of undefined (reading 'price')
    at totalOf (/app/dist/cart.js:42:17)
    at Array.map (<anonymous>)
    at async Promise.all (index 0)
    at async file:///app/dist/orders.mjs:118:9
    at new Foo (/app/x.js:1:2)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`,
  },
  {
    name: 'Node: with properties and a cause',
    isFlatToo: true,
    text: `Error: connect ECONNREFUSED 10.0.3.7:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  [cause]: Error: below
      at g (/app/x.js:3:4)
}`,
  },
  {
    name: 'Node: uncaught',
    isFlatToo: true,
    text: `/app/server.js:10
    throw new Error('boom')
    ^

Error: boom
    at main (/app/server.js:10:11)
    at Module._compile (node:internal/modules/cjs/loader:1356:14)

Node.js v20.11.0`,
  },
  {
    name: 'Python: uncaught',
    isFlatToo: true,
    text: `Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    main()
  File "/app/main.py", line 8, in main
    return 1 / zero
           ~~^~~~~~
ZeroDivisionError: division by zero`,
  },
  {
    name: 'Python: logged, with one error during another',
    isFlatToo: true,
    text: `ERROR:root:the job failed
Traceback (most recent call last):
  File "/app/a.py", line 3, in <module>
    {}['k']
KeyError: 'k'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/a.py", line 5, in <module>
    raise ValueError("v")
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)`,
  },
  {
    name: 'Python: a group',
    isFlatToo: true,
    text: `Traceback (most recent call last):
  + Exception Group Traceback (most recent call last):
  |   File "/app/g.py", line 1, in <module>
  |     raise ExceptionGroup("eg", [ValueError(1)])
  | ExceptionGroup: eg (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------`,
  },
  {
    name: 'Python: a group of tasks, logged, and what it is the cause of',
    isFlatToo: true,
    text: `ERROR:root:it failed
  + Exception Group Traceback (most recent call last):
  |   File "/app/g.py", line 12, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (3 sub-exceptions)
  +-+---------------- 1 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/app/g.py", line 7, in inner
    |     async with asyncio.TaskGroup() as t:
    | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      |   File "/app/g.py", line 2, in f
      |     raise ValueError("x")
      |           ^^^^^^^^^^^^^^^
      | ValueError: x
      +------------------------------------
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/app/g.py", line 4, in g
    |     raise KeyError('k')
    | KeyError: 'k'
    | 
    | During handling of the above exception, another exception occurred:
    | 
    | TypeError: t
    +---------------- ... ----------------
    | and 1 more exception
    +------------------------------------

The above exception was the direct cause of the following exception:

  + Exception Group Traceback (most recent call last):
  |   File "/app/g.py", line 15, in <module>
  | ExceptionGroup: outer (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: y
    +------------------------------------`,
  },
  {
    name: 'Python: a group without a word before it',
    isFlatToo: true,
    text: `  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 4, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/a.py", line 2, in f
    |     raise ValueError("x")
    | ValueError: x
    +------------------------------------`,
  },
  {
    name: 'Java: uncaught, with causes',
    isFlatToo: true,
    text: `Exception in thread "main" java.lang.IllegalStateException: order 17
\tat com.shop.Orders.load(Orders.java:42)
\tat java.base/java.lang.reflect.Method.invoke(Native Method)
\tat com.shop.Main$$Lambda/0x1.run(Unknown Source)
\tSuppressed: java.io.IOException: close
\t\tat com.shop.Db.close(Db.java:7)
Caused by: java.sql.SQLException: no connection
\tat org.postgresql.Driver.connect(Driver.java:285) ~[postgresql-42.jar:42.7.1]
\t... 12 more`,
  },
  {
    name: 'Java: logged',
    isFlatToo: true,
    text: `2026-01-01 10:00:00 ERROR [main] c.s.Orders - could not load
java.lang.RuntimeException: order 17
\tat com.shop.Orders.load(Orders.java:42)
\t... 3 common frames omitted`,
  },
  {
    name: 'Ruby: uncaught',
    isFlatToo: false,
    text: `/app/shop.rb:12:in 'Shop#total': undefined method 'price' for nil (NoMethodError)

    item.price
        ^^^^^^
\tfrom /app/shop.rb:8:in 'block in Shop#run'
\tfrom /usr/lib/ruby/3.4.0/set.rb:501:in 'Array#each'`,
  },
  {
    name: 'Ruby: the other way round',
    isFlatToo: true,
    text: `Traceback (most recent call last):
\t2: from /app/a.rb:9:in \`<main>'
\t1: from /app/a.rb:5:in \`run'
/app/a.rb:2:in \`total': boom (RuntimeError)`,
  },
  {
    name: 'Ruby: as Rails logs it',
    isFlatToo: true,
    text: `NoMethodError (undefined method 'price' for nil):

app/models/cart.rb:12:in 'total'
app/controllers/orders_controller.rb:8:in 'block in create'`,
  },
  {
    name: 'Ruby: as Rails logs it, through gems',
    isFlatToo: true,
    text: `NoMethodError (undefined method \`x' for nil:NilClass):
  
app/controllers/a_controller.rb:3:in \`show'
actionpack (7.0.8.1) lib/action_controller/metal/basic_implicit_render.rb:6:in \`send_action'
rack-timeout (0.7.0.beta) lib/rack/timeout/core.rb:154:in \`block in call'
/usr/local/bundle/bin/puma:25:in \`<main>'`,
  },
  {
    name: 'Go: a panic',
    isFlatToo: true,
    text: `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f4a5]

goroutine 1 [running]:
main.total(0xc000012345, {0x1, 0x2})
\t/app/main.go:12 +0x1d
main.(*Shop).run(...)
\t/app/main.go:8
main.main()
\t/app/main.go:4 +0x2a

goroutine 18 [chan receive, 2 minutes]:
net/http.(*conn).serve(0xc0000a0000, {0x7f, 0x1})
\t/usr/local/go/src/net/http/server.go:2009 +0x5f4
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3086 +0x5cb
exit status 2`,
  },
  {
    name: 'Go: a panic that a server has caught',
    isFlatToo: true,
    text: `2026/01/01 10:00:00 http: panic serving 127.0.0.1:5000: boom
goroutine 34 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1854 +0xbf
panic({0x6e3f20, 0x7a0d38})
\t/usr/local/go/src/runtime/panic.go:890 +0x263`,
  },
];

/** Lines that are no part of any trace, whatever stands before them. */
export const ORDINARY: readonly string[] = [
  'GET /products 200 12ms',
  'listening on port 3000',
  '{"level":"info","msg":"request done"}',
  'level=info msg="request done"',
  '2026-01-01 10:00:01 INFO [main] c.s.Orders - loaded',
  '[worker] job 17 done',
  'I, [2026-01-01T10:00:00] INFO -- : started',
  'Started GET "/" for 127.0.0.1 at 2026-01-01 10:00:00',
  '10.0.0.1 - - [01/Jan/2026:10:00:00] "GET / HTTP/1.1" 200',
  'at 10:30:15 the job began',
  '   an indented line of a table',
  'from 10 to 20',
  'File uploaded, line by line',
  '| id | name |',
  '+----+------+',
  'billing (nightly) run: 12:30:00 done',
  'sold one 茶碗 🧙‍♂️',
];
