"""Mutated messages. Some are mutated as protos, field by field, and mean something else than before; others as bytes, and
mean nothing."""

import google.protobuf.descriptor as descriptors

NUMBERS = (0, 1, -1, 2, 7, 8, 15, 16, 64, 100, 101, 255, 256, 1 << 15, 1 << 16, (1 << 31) - 1, -(1 << 31), (1 << 32) - 1,
           1 << 62, (1 << 63) - 1, -(1 << 63), (1 << 64) - 1)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e300, float("inf"), float("-inf"), float("nan"), 7.0, 20.000001)
TEXTS = ("", "a", "\0", "\n", "videos/", "images/" + "0" * 64, "../" * 8, "%s%n" * 4, "\u202e", "\U0001f600" * 9, "x" * 63,
         "x" * 64, "x" * 255, "x" * 256, "x" * 5000, "' or 1=1 --", '{"a": [1]}')

Field = descriptors.FieldDescriptor
WHOLE = {Field.CPPTYPE_INT32: (-(1 << 31), 31), Field.CPPTYPE_INT64: (-(1 << 63), 63), Field.CPPTYPE_UINT32: (0, 32),
         Field.CPPTYPE_UINT64: (0, 64), Field.CPPTYPE_ENUM: (-(1 << 31), 31)}


class Mutator:
    """`random` decides everything. `blobs` are bytes that fields of bytes may get, and `names` texts that mean something
    to the server."""

    def __init__(self, random, blobs, names):
        self._random = random
        self._blobs = blobs
        self._names = names

    def mutate(self, message):
        """A changed copy of the message."""
        changed = type(message)()
        changed.CopyFrom(message)
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))):
            self._change_one_field(changed)
        return changed

    def mutated_bytes(self, data):
        """The bytes of a message, most of them no longer of one."""
        data = bytearray(data)
        for _ in range(self._random.choice((1, 1, 2, 4, 16))):
            self._change_bytes(data)
        return bytes(data)

    def _change_one_field(self, message):
        if not message.DESCRIPTOR.fields:
            return None
        field = self._random.choice(message.DESCRIPTOR.fields)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return self._change_map(message, field)
        if field.is_repeated:
            return self._change_list(message, field)
        if self._random.random() < 0.1:
            return message.ClearField(field.name)
        if field.cpp_type == Field.CPPTYPE_MESSAGE:
            part = getattr(message, field.name)
            part.SetInParent()
            return self._change_one_field(part)
        return setattr(message, field.name, self._value(field))

    def _change_map(self, message, field):
        key, value = (field.message_type.fields_by_name[part] for part in ("key", "value"))
        entries = getattr(message, field.name)
        for _ in range(self._random.choice((1, 2, 31, 40))):
            entries[self._value(key)] = self._value(value)

    def _change_list(self, message, field):
        entries = getattr(message, field.name)
        if len(entries) > 0 and self._random.random() < 0.3:
            del entries[self._random.randrange(len(entries)):]
        for _ in range(self._random.choice((1, 1, 2, 4, 9))):
            if field.cpp_type != Field.CPPTYPE_MESSAGE:
                entries.append(self._value(field))
            elif len(entries) > 0 and self._random.random() < 0.5:
                entries.add().CopyFrom(entries[0])
            else:
                self._change_one_field(entries.add())

    def _value(self, field):
        if field.cpp_type in WHOLE:
            return self._whole_number(*WHOLE[field.cpp_type])
        if field.cpp_type in (Field.CPPTYPE_DOUBLE, Field.CPPTYPE_FLOAT):
            return self._random.choice(FLOATS) if self._random.random() < 0.7 else self._random.uniform(-100, 100)
        if field.cpp_type == Field.CPPTYPE_BOOL:
            return self._random.random() < 0.5
        if field.type == Field.TYPE_BYTES:
            blob = self._random.choice(self._blobs)
            return blob if self._random.random() < 0.4 else self.mutated_bytes(blob)
        return self._random.choice(TEXTS + tuple(self._names))

    def _whole_number(self, least, bits):
        most = (1 << bits) - 1
        if self._random.random() < 0.3:
            return self._random.randint(0, 130)
        return min(max(self._random.choice(NUMBERS), least), most)

    def _change_bytes(self, data):
        place = self._random.randrange(len(data) + 1)
        few = self._random.choice((1, 2, 5, 20))
        kind = self._random.randrange(6)
        if kind == 0 and data:
            data[place % len(data)] ^= 1 << self._random.randrange(8)
        elif kind == 1:
            del data[place:place + few]
        elif kind == 2:
            data[place:place] = self._random.randbytes(few)
        elif kind == 3:
            data[place:place] = data[place:place + 10 * few]
        elif kind == 4:
            data[place:place] = b"\xff" * few
        else:
            del data[place:]
