"""moto's DynamoDB, without its cost by the size of a table: it copies both tables whole before each transaction, and looks
through a whole table for each query. What it answers stays the same."""

import copy
from collections import defaultdict

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_transact = DynamoDBBackend.transact_write_items
_query = Table.query


def transact_write_items(self, transact_items):
    """Remembers the items that the transaction names, and where the streams end, to go back to them."""
    before, ends = [], {}
    for action in transact_items:
        operation = next(iter(action.values()))
        table = self.tables[operation["TableName"]]
        key = operation.get("Key") or operation["Item"]
        hash_key = DynamoType(key[table.hash_key_attr])
        range_key = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
        before.append((table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key))))
        ends[table.name] = (table, len(table.stream_shard.items))
    try:
        _transact(self, transact_items)
    except BaseException:
        for table, hash_key, range_key, item in before:
            _put_back(table, hash_key, range_key, item)
        for table, end in ends.values():
            del table.stream_shard.items[end:]
        raise


def _put_back(table, hash_key, range_key, item):
    items, key = (table.items, hash_key) if range_key is None else (table.items[hash_key], range_key)
    if item is None:
        items.pop(key, None)
    else:
        items[key] = item


def query(self, hash_key, *arguments, **named):
    """A query of the table itself sees the items of its partition only."""
    index_name = named.get("index_name", arguments[6] if len(arguments) > 6 else None)
    table = self
    if index_name is None and hash_key is not None:
        table = copy.copy(self)
        table.items = defaultdict(dict)
        if hash_key in self.items:
            table.items[hash_key] = self.items[hash_key]
    return _query(table, hash_key, *arguments, **named)


def install():
    Table.__deepcopy__ = lambda self, _memo: self
    Table.query = query
    DynamoDBBackend.transact_write_items = transact_write_items
