from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AuthorizeRequest(_message.Message):
    __slots__ = ("payer_id", "key", "currency", "amount_minor", "method", "by_hand", "part_of")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    BY_HAND_FIELD_NUMBER: _ClassVar[int]
    PART_OF_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    key: str
    currency: str
    amount_minor: int
    method: str
    by_hand: bool
    part_of: str
    def __init__(self, payer_id: _Optional[str] = ..., key: _Optional[str] = ..., currency: _Optional[str] = ..., amount_minor: _Optional[int] = ..., method: _Optional[str] = ..., by_hand: _Optional[bool] = ..., part_of: _Optional[str] = ...) -> None: ...

class StepRequest(_message.Message):
    __slots__ = ("payer_id", "key")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    key: str
    def __init__(self, payer_id: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class StepAnswer(_message.Message):
    __slots__ = ("standing", "why", "wait_s", "final")
    class Standing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STANDING_UNSPECIFIED: _ClassVar[StepAnswer.Standing]
        DONE: _ClassVar[StepAnswer.Standing]
        REFUSED: _ClassVar[StepAnswer.Standing]
        WAITING: _ClassVar[StepAnswer.Standing]
        FAILED: _ClassVar[StepAnswer.Standing]
    STANDING_UNSPECIFIED: StepAnswer.Standing
    DONE: StepAnswer.Standing
    REFUSED: StepAnswer.Standing
    WAITING: StepAnswer.Standing
    FAILED: StepAnswer.Standing
    STANDING_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    standing: StepAnswer.Standing
    why: str
    wait_s: float
    final: bool
    def __init__(self, standing: _Optional[_Union[StepAnswer.Standing, str]] = ..., why: _Optional[str] = ..., wait_s: _Optional[float] = ..., final: _Optional[bool] = ...) -> None: ...
