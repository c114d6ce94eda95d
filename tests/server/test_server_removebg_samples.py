# SPDX-License-Identifier: Apache-2.0
"""remove.bg's API as its users call it: the usual few lines in five languages, sent to ours.

Each takes address, key, source and target from its arguments, saves what comes as a picture, and
prints what it is told of a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.server.server_client import TOKEN

pytestmark = pytest.mark.hosts

CURL = """
curl -s -f -H "X-API-Key: $2" -F "image_file=@$3" -F size=auto "$1/v1.0/removebg" -o "$4" ||
  curl -s -H "X-API-Key: $2" -F "image_file=@$3" -F size=auto "$1/v1.0/removebg"
"""

PYTHON = """
import sys
import requests

address, key, source, target = sys.argv[1:]
with open(source, "rb") as picture:
    response = requests.post(
        f"{address}/v1.0/removebg",
        files={"image_file": picture},
        data={"size": "auto"},
        headers={"X-Api-Key": key},
    )
if response.status_code == requests.codes.ok:
    with open(target, "wb") as out:
        out.write(response.content)
else:
    print(response.text)
"""

# axios accepts "application/json, text/plain, */*", and wants the picture.
NODE = """
const axios = require("axios"), FormData = require("form-data"), fs = require("fs");
const [address, key, source, target] = process.argv.slice(2);
const form = new FormData();
form.append("size", "auto");
form.append("image_file", fs.createReadStream(source), "photo.png");
axios({
  method: "post",
  url: `${address}/v1.0/removebg`,
  data: form,
  responseType: "arraybuffer",
  headers: { ...form.getHeaders(), "X-Api-Key": key },
  encoding: null,
  proxy: false,
}).then((response) => fs.writeFileSync(target, response.data))
  .catch((error) => console.log(Buffer.from(error.response.data).toString()));
"""

RUBY = """
require "net/http"
address, key, source, target = ARGV
uri = URI("#{address}/v1.0/removebg")
request = Net::HTTP::Post.new(uri, "X-Api-Key" => key)
request.set_form([["image_file", File.open(source, "rb")], ["size", "auto"]], "multipart/form-data")
response = Net::HTTP.start(uri.host, uri.port, nil) { |http| http.request(request) }
if response.is_a?(Net::HTTPSuccess)
  File.binwrite(target, response.body)
else
  puts response.body
end
"""

PHP = """<?php
[, $address, $key, $source, $target] = $argv;
$request = curl_init("$address/v1.0/removebg");
curl_setopt_array($request, [
  CURLOPT_POST => true,
  CURLOPT_RETURNTRANSFER => true,
  CURLOPT_PROXY => "",
  CURLOPT_HTTPHEADER => ["X-Api-Key: $key"],
  CURLOPT_POSTFIELDS => ["image_file" => new CURLFile($source), "size" => "auto"],
]);
$answer = curl_exec($request);
if (curl_getinfo($request, CURLINFO_RESPONSE_CODE) == 200) file_put_contents($target, $answer);
else echo $answer;
"""

SAMPLES = {
    "curl": (["bash"], "sh", CURL),
    "python": ([sys.executable], "py", PYTHON),
    "node": (["node"], "js", NODE),
    "ruby": (["ruby"], "rb", RUBY),
    "php": (["php"], "php", PHP),
}


@pytest.mark.parametrize("language", SAMPLES)
def test_a_sample_gets_its_picture_and_is_told_why_not(
    client: Any, picture_file: bytes, tmp_path: Path, language: str
) -> None:
    program, suffix, text = SAMPLES[language]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    modules = cache / "mattebrush-ci" / "node" / "node_modules"
    here = shutil.which(program[0]) and shutil.which(language if language != "python" else "bash")
    if not here or (language == "node" and not (modules / "axios").is_dir()):
        missing = f"needs {language}: tests/hosts/install_removebg_client.sh"
        (pytest.fail if os.environ.get("MATTEBRUSH_CI") else pytest.skip)(missing)
    script = tmp_path / f"sample.{suffix}"
    script.write_text(text)
    source, target = tmp_path / "photo.png", tmp_path / "no-bg.png"
    source.write_bytes(picture_file)
    environment = {**os.environ, "NODE_PATH": str(modules), "NO_PROXY": "*", "no_proxy": "*"}

    def run(key: str) -> str:
        command = [*program, str(script), client.server.url, key, str(source), str(target)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert not done.stderr.strip(), done.stderr
        return done.stdout

    run(TOKEN)
    with Image.open(target) as cut:
        assert (cut.format, cut.mode, cut.size) == ("PNG", "RGBA", (120, 80))
        alpha = np.asarray(cut)[:, :, 3]
        assert alpha[40, 60] == 255 and alpha[2, 2] == 0
    target.unlink()
    (failure,) = json.loads(run("not-the-key"))["errors"]
    assert (failure["code"], failure["title"]) == ("auth_failed", "API Key invalid")
    source.write_text("no picture")
    (failure,) = json.loads(run(TOKEN))["errors"]
    assert (failure["code"], failure["title"]) == ("invalid_file_type", "Invalid file type")
    assert not target.exists()
