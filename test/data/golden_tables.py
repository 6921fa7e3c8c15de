# What pandas reads in CSV files that are awkward, each in a way of its own: tables.json.
#   python golden_tables.py        with pandas 3.0
import base64
import io
import json
import math
import os

import pandas


def table(name, content, simdnn, **pandas_options):
    """A file, how simdnn is told to read it, and the values that pandas finds; null where one is missing."""
    data = content if isinstance(content, bytes) else content.encode()
    frame = pandas.read_csv(io.BytesIO(data), float_precision="round_trip", **pandas_options)
    columns = []
    for column in frame.columns:
        values = frame[column].tolist()
        missing = [value is None or (isinstance(value, float) and math.isnan(value)) for value in values]
        columns.append({"name": str(column), "values": [None if gone else value for value, gone in zip(values, missing)]})
    return {"name": name, "bytes": base64.b64encode(data).decode(), "options": simdnn, "columns": columns}


numbers = "\n".join(
    ["n"]
    + ["0.1", "-0.0", "1e-45", "3.4028234e38", "1.17549435e-38", "123456789.125", "0.30000001192092896", "16777217", "5e-324"]
    + [".5", "5.", "+7", "-1E+2", "1e05", "00012.50", "2.2250738585072014e-308", "0.1000000000000000055511151231257827"]
)

tables = [
    table("quotes", 'a,"b ""x""",c\n"1","two, three",x\n2,"say ""no""",\'y\'\n"3","",z\n', {"naValues": []}),
    table("line breaks in quotes", 'a,b\n1,"first\nsecond"\n2,"third\r\nfourth"\n', {}),
    table("decimal commas", "a;b;c\n1,5;2;x,y\n-0,25;3;z\n1e2;4;w\n", {"delimiter": ";", "decimal": ","}, sep=";", decimal=","),
    table("blank lines", "\n\na,b\n1,2\n\n3,4\n\n\n", {}),
    table("byte order mark", b"\xef\xbb\xbfa,b\n1,x\n2,\xc3\xa4\n", {}),
    table("ends of lines mixed", b"a,b\r\n1,2\n3,4\r\n5,6", {}),
    table("missing values", "a,b,c\n1,NA,x\n,2.5,\nnull,n/a,NA\n4,5,y\n", {"naValues": ["NA", "null", "n/a"]}),
    table("missing values of their own", "a,b\n-999,?\n1,x\n2,-\n", {"naValues": ["-999", "?", "-"]}, na_values=["-999", "?", "-"], keep_default_na=False),
    table("texts that look like numbers", "zip,n\n01234,1\n00501,2\n99999,3\n", {"text": ["zip"]}, dtype={"zip": str}),
    table("classes of text", "x,kind\n1,setosa\n2,Versicolor\n3,virginica\n4,setosa\n5,\u00c4pfel\n6,Zebra\n", {}),
    table("no header", "5.1,3.5,setosa\n7.0,3.2,versicolor\n", {"header": False}, header=None),
    table("an index without a name", ",a,b\n0,1.5,x\n1,2.5,y\n2,3.5,z\n", {"drop": [""]}, index_col=0),
    table("large integers", "id,small\n2147483647,1\n2147483648,2\n9007199254740993,3\n-9223372036854775808,4\n", {}),
    table("blanks before values", "a, b,c\n 1, x y,3\n  2,  z,   4\n", {}, skipinitialspace=True),
    table("numbers of all kinds", numbers + "\n", {}),
    table("tabs", "a\tb\tc\n1\tx, y\t2.5\n3\tz\t-4\n", {"delimiter": "\t"}, sep="\t"),
    table("windows-1252", "stra\u00dfe,preis\nM\u00fchlweg,1.5\n\u20ac-Platz,2\n".encode("cp1252"), {"encoding": "windows-1252"}, encoding="cp1252"),
    table("one column", "a\n1\n2.5\n-3\n", {}),
]

if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tables.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(one, ensure_ascii=True) for one in tables) + "\n]\n")
