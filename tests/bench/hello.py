"""The least that Flask can serve as JSON: what a search is held against over HTTP."""

from flask import Flask, Response, jsonify

app = Flask(__name__, static_folder=None)


@app.get("/")
def hello() -> Response:
    return jsonify(hello="world")
