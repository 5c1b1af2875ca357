"""The studio: a page in the browser to play a model's latent space, and a JSON API around it.

    musicvae-studio --config=cat-drums_2bar_small

A server on this machine alone keeps models warm. A request passes safety.py, is checked against
the types of messages.py, and becomes music in the one thread that runs models (worker.py); what it
does is done by musicvae.generate. app.py has the addresses, docs/studio.md the API for people.

It needs the extra `studio`: FastAPI, whose checks and OpenAPI document come from the same types,
and uvicorn.
"""
