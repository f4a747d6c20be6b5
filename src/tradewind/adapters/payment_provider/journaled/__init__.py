"""The port's promises for providers that do not give them: every call is written down before it is asked.

api        what a provider must be able to say; an adapter is little more than this
journal    the calls, in Postgres: under which key what was asked, and what it came to
rules      what the journal alone can answer, pure
provider   the port, kept by journal and rules around an `Api`
sweeping   voids that have to be asked again, because the buyer confirmed late
amounts    money in a provider's own minor units
"""
