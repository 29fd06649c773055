"""PLAIN lets guest in, whatever locale the client asks for; the authorization id is ignored."""


def run(t):
    connection = t.connect(handshake="header")
    connection.send("connection.start-ok", mechanism="PLAIN", response="\0guest\0guest",
                    locale="xx_YY")
    connection.expect("connection.tune")
    t.connect().expect_open()
