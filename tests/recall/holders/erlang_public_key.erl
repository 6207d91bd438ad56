%% A key of Erlang's public_key application, decoded from PEM: integers and binaries in the heap of a process.
%% recall-needs: erlang-base erlang-public-key erlang-crypto
%% recall-version: erlang-public-key
%% recall-build: erlc -o {build} {source}
%% recall-run: env MALLOC_ARENA_MAX=1 erl +MIscs 16 +S 1 +A 1 -noshell -pa {build} -s erlang_public_key main -extra {pkcs8_pem}
%% recall-crash: USR1 erl_crash.dump
%% recall-kinds: rsa-2048 p-256 ed25519

-module(erlang_public_key).
-export([main/0]).

main() ->
    [Path] = init:get_plain_arguments(),
    Key = load(Path),
    io:put_chars("ok\n"),
    obey(Key).

load(Path) ->
    {ok, Text} = file:read_file(Path),
    [Entry] = public_key:pem_decode(Text),
    public_key:pem_entry_decode(Entry).

%% id-Ed25519 (RFC 8410) hashes by itself.
digest(Key) when element(4, Key) =:= {namedCurve, {1, 3, 101, 112}} -> none;
digest(_) -> sha256.

obey(Key) ->
    case io:get_line("") of
        "sign\n" ->
            [public_key:sign(<<"what is signed">>, digest(Key), Key) || _ <- lists:seq(1, 3)],
            io:put_chars("ok\n"),
            obey(Key);
        "free\n" ->
            erlang:garbage_collect(),
            io:put_chars("ok\n"),
            obey(none);
        eof ->
            halt()
    end.
