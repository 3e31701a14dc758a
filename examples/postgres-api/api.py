"""GET /notes says how many there are, POST /notes adds one. /healthz asks the database, too."""
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/healthz":
            return self.answer("SELECT 1")
        return self.answer("SELECT count(*) FROM notes")

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        return self.answer("INSERT INTO notes (text) VALUES (%s) RETURNING id", text)

    def answer(self, query, *values):
        try:
            # libpq takes PGHOST, PGUSER and PGPASSWORD from the environment.
            connection = psycopg2.connect(dbname="postgres")
            with connection, connection.cursor() as cursor:
                cursor.execute(query, values)
                body = f"{cursor.fetchone()[0]}\n".encode()
            connection.close()
            self.send_response(200)
        except psycopg2.Error as error:
            body = str(error).encode()
            self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        if self.path != "/healthz":
            print(self.command, self.path, flush=True)


server = ThreadingHTTPServer(("127.0.0.1" if "--local" in sys.argv else "", 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("listening on 8080", flush=True)
server.serve_forever()
