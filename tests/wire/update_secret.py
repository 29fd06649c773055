"""connection.update-secret is answered with update-secret-ok and the connection goes on."""


def run(t):
    connection = t.connect()
    connection.send("connection.update-secret", new_secret="guest", reason="renewed")
    connection.expect("connection.update-secret-ok")
    connection.expect_open()
