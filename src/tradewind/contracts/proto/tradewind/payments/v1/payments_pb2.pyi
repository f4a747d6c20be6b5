from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AuthorizeRequest(_message.Message):
    __slots__ = ("payer_id", "key", "currency", "amount_minor", "method", "by_hand", "part_of", "user_id")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    BY_HAND_FIELD_NUMBER: _ClassVar[int]
    PART_OF_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    key: str
    currency: str
    amount_minor: int
    method: str
    by_hand: bool
    part_of: str
    user_id: str
    def __init__(self, payer_id: _Optional[str] = ..., key: _Optional[str] = ..., currency: _Optional[str] = ..., amount_minor: _Optional[int] = ..., method: _Optional[str] = ..., by_hand: _Optional[bool] = ..., part_of: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class StepRequest(_message.Message):
    __slots__ = ("payer_id", "key")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    key: str
    def __init__(self, payer_id: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class StepAnswer(_message.Message):
    __slots__ = ("standing", "why", "wait_s", "final", "next_action")
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
    NEXT_ACTION_FIELD_NUMBER: _ClassVar[int]
    standing: StepAnswer.Standing
    why: str
    wait_s: float
    final: bool
    next_action: str
    def __init__(self, standing: _Optional[_Union[StepAnswer.Standing, str]] = ..., why: _Optional[str] = ..., wait_s: _Optional[float] = ..., final: _Optional[bool] = ..., next_action: _Optional[str] = ...) -> None: ...

class Goods(_message.Message):
    __slots__ = ("sku", "quantity", "unit_price_minor")
    SKU_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    sku: str
    quantity: int
    unit_price_minor: int
    def __init__(self, sku: _Optional[str] = ..., quantity: _Optional[int] = ..., unit_price_minor: _Optional[int] = ...) -> None: ...

class ClaimRefundRequest(_message.Message):
    __slots__ = ("payer_id", "refund_id", "reason", "pieces", "sold", "currency", "items_minor", "tax_minor", "discount_minor", "whole_minor", "instead_payer_id", "instead_total_minor")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    SOLD_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_MINOR_FIELD_NUMBER: _ClassVar[int]
    TAX_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    WHOLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    INSTEAD_PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    INSTEAD_TOTAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    refund_id: str
    reason: str
    pieces: _containers.RepeatedCompositeFieldContainer[Goods]
    sold: _containers.RepeatedCompositeFieldContainer[Goods]
    currency: str
    items_minor: int
    tax_minor: int
    discount_minor: int
    whole_minor: int
    instead_payer_id: str
    instead_total_minor: int
    def __init__(self, payer_id: _Optional[str] = ..., refund_id: _Optional[str] = ..., reason: _Optional[str] = ..., pieces: _Optional[_Iterable[_Union[Goods, _Mapping]]] = ..., sold: _Optional[_Iterable[_Union[Goods, _Mapping]]] = ..., currency: _Optional[str] = ..., items_minor: _Optional[int] = ..., tax_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., whole_minor: _Optional[int] = ..., instead_payer_id: _Optional[str] = ..., instead_total_minor: _Optional[int] = ...) -> None: ...

class HoldRefundRequest(_message.Message):
    __slots__ = ("payer_id", "refund_id", "amount_minor", "currency", "reason", "besides", "edit_id")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BESIDES_FIELD_NUMBER: _ClassVar[int]
    EDIT_ID_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    refund_id: str
    amount_minor: int
    currency: str
    reason: str
    besides: _containers.RepeatedScalarFieldContainer[str]
    edit_id: str
    def __init__(self, payer_id: _Optional[str] = ..., refund_id: _Optional[str] = ..., amount_minor: _Optional[int] = ..., currency: _Optional[str] = ..., reason: _Optional[str] = ..., besides: _Optional[_Iterable[str]] = ..., edit_id: _Optional[str] = ...) -> None: ...

class RefundRequest(_message.Message):
    __slots__ = ("payer_id", "refund_id")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    refund_id: str
    def __init__(self, payer_id: _Optional[str] = ..., refund_id: _Optional[str] = ...) -> None: ...

class RefundAnswer(_message.Message):
    __slots__ = ("standing", "amount_minor", "currency")
    class Standing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STANDING_UNSPECIFIED: _ClassVar[RefundAnswer.Standing]
        UNKNOWN: _ClassVar[RefundAnswer.Standing]
        PENDING: _ClassVar[RefundAnswer.Standing]
        DONE: _ClassVar[RefundAnswer.Standing]
        REFUSED: _ClassVar[RefundAnswer.Standing]
        PARTLY: _ClassVar[RefundAnswer.Standing]
    STANDING_UNSPECIFIED: RefundAnswer.Standing
    UNKNOWN: RefundAnswer.Standing
    PENDING: RefundAnswer.Standing
    DONE: RefundAnswer.Standing
    REFUSED: RefundAnswer.Standing
    PARTLY: RefundAnswer.Standing
    STANDING_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    standing: RefundAnswer.Standing
    amount_minor: int
    currency: str
    def __init__(self, standing: _Optional[_Union[RefundAnswer.Standing, str]] = ..., amount_minor: _Optional[int] = ..., currency: _Optional[str] = ...) -> None: ...

class HoldRequest(_message.Message):
    __slots__ = ("payer_id",)
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    def __init__(self, payer_id: _Optional[str] = ...) -> None: ...

class HoldAnswer(_message.Message):
    __slots__ = ("only_held",)
    ONLY_HELD_FIELD_NUMBER: _ClassVar[int]
    only_held: bool
    def __init__(self, only_held: _Optional[bool] = ...) -> None: ...

class VerifyPaymentRequest(_message.Message):
    __slots__ = ("payer_id", "proof")
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    payer_id: str
    proof: str
    def __init__(self, payer_id: _Optional[str] = ..., proof: _Optional[str] = ...) -> None: ...

class VerifyPaymentAnswer(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PayersRequest(_message.Message):
    __slots__ = ("payer_ids",)
    PAYER_IDS_FIELD_NUMBER: _ClassVar[int]
    payer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, payer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class PayersAnswer(_message.Message):
    __slots__ = ("payer_ids",)
    PAYER_IDS_FIELD_NUMBER: _ClassVar[int]
    payer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, payer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class PersonRequest(_message.Message):
    __slots__ = ("user_id", "payer_ids")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PAYER_IDS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    payer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, user_id: _Optional[str] = ..., payer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ExportPersonRequest(_message.Message):
    __slots__ = ("user_id", "payer_ids", "offset")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PAYER_IDS_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    payer_ids: _containers.RepeatedScalarFieldContainer[str]
    offset: int
    def __init__(self, user_id: _Optional[str] = ..., payer_ids: _Optional[_Iterable[str]] = ..., offset: _Optional[int] = ...) -> None: ...

class ExportPersonAnswer(_message.Message):
    __slots__ = ("held", "next_offset")
    HELD_FIELD_NUMBER: _ClassVar[int]
    NEXT_OFFSET_FIELD_NUMBER: _ClassVar[int]
    held: bytes
    next_offset: int
    def __init__(self, held: _Optional[bytes] = ..., next_offset: _Optional[int] = ...) -> None: ...

class ForgetPersonAnswer(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
