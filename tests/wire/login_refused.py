"""A wrong password is answered with 403 in place of tune, if the client can take that."""

ROWS = [("guest", "wrong"), ("guest", ""), ("nobody", "guest"), ("", "")]


def run(t):
    def refused(user, password):
        connection = t.connect(handshake="start-ok", user=user, password=password)
        connection.expect_close(
            403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. "
            "For details see the broker logfile.")

    t.each(ROWS, refused)
