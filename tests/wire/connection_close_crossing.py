"""The client's own connection.close crossing the server's is answered with close-ok."""


def run(t):
    connection = t.connect()
    connection.send("queue.declare", 9)
    connection.expect("connection.close", reply_code=504)
    connection.send("connection.close", reply_code=200)
    connection.expect("connection.close-ok")
