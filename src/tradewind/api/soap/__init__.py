"""SOAP 1.1: envelopes read with every door shut, answers and faults written.

reading   bytes to the one element that is asked for, or a fault
writing   answers and faults as bytes
door      the shop's own address, at which the gateway's WSDL is found
"""
