"""An AMQP client that is not JavaScript: authorises on $cbs, sends, receives, settles. Prints what it saw as JSON.

Usage: proton_client.py PORT QUEUE KEY_NAME KEY
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.parse
import uuid

from proton import Delivery, Message
from proton.utils import BlockingConnection, SendException


def signature(resource, key_name, key):
    encoded = urllib.parse.quote(resource, safe="")
    expiry = int(time.time()) + 600
    digest = hmac.new(key.encode(), f"{encoded}\n{expiry}".encode(), hashlib.sha256).digest()
    signed = urllib.parse.quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={encoded}&sig={signed}&se={expiry}&skn={key_name}"


def put_token(connection, audience, token):
    reply_to = f"cbs-{uuid.uuid4()}"
    replies = connection.create_receiver("$cbs", name=reply_to, credit=10)
    requests = connection.create_sender("$cbs", name=f"{reply_to}-requests")
    requests.send(
        Message(
            id="1",
            reply_to=reply_to,
            body=token,
            properties={
                "operation": "put-token",
                "type": "servicebus.windows.net:sastoken",
                "name": audience,
            },
        )
    )
    reply = replies.receive(timeout=5)
    return reply.properties["status-code"]


def main(port, queue, key_name, key):
    seen = {}
    connection = BlockingConnection(f"amqp://127.0.0.1:{port}", timeout=5, allowed_mechs="ANONYMOUS")
    audience = f"sb://127.0.0.1:{port}/{queue}"
    seen["wrong"] = put_token(connection, audience, signature(audience, key_name, "guess"))
    seen["right"] = put_token(connection, audience, signature(audience, key_name, key))

    sender = connection.create_sender(queue)
    bodies = ["text", {"map": [1, 2.5, None]}, uuid.UUID(int=7), b"\x00\xff"]
    for number, body in enumerate(bodies):
        sender.send(Message(id=f"m{number}", body=body, properties={"number": number}, subject="from python"))

    receiver = connection.create_receiver(queue, credit=10)
    kinds = []
    for number, body in enumerate(bodies):
        message = receiver.receive(timeout=5)
        same = message.body == body and message.properties == {"number": number}
        kinds.append([same, message.id, message.delivery_count, message.annotations["x-opt-sequence-number"]])
        if number == 0:
            receiver.accept()
        elif number == 1:
            receiver.settle(Delivery.MODIFIED)
        elif number == 2:
            receiver.release(delivered=False)
        else:
            receiver.reject()
    seen["received"] = kinds

    again = []
    for _ in range(2):
        message = receiver.receive(timeout=5)
        again.append([message.id, message.delivery_count])
        receiver.accept()
    seen["again"] = sorted(again)

    dead = connection.create_receiver(f"{queue}/$DeadLetterQueue", credit=1)
    seen["dead"] = dead.receive(timeout=5).id
    dead.accept()

    large = Message(id="large", body=b"x" * 200_000)
    sender.send(large)
    seen["large"] = len(receiver.receive(timeout=5).body)
    receiver.accept()
    try:
        sender.send(Message(id="too large", body=b"x" * 300_000))
        seen["too large"] = "accepted"
    except SendException:
        seen["too large"] = "rejected"
    connection.close()

    plain = BlockingConnection(
        f"amqp://127.0.0.1:{port}",
        timeout=5,
        allowed_mechs="PLAIN",
        allow_insecure_mechs=True,
        user=key_name,
        password=key,
    )
    plain.create_sender(queue).send(Message(id="plain", body="by user and password"))
    presettled = plain.create_receiver(queue, credit=1)
    seen["plain"] = presettled.receive(timeout=5).body
    presettled.accept()
    plain.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
