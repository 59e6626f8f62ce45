--
-- PostgreSQL database dump
--

\restrict snlCRHJRUa7KX57hewYqVZE8dgliR3ejDahH2rdQwwx3xIHboePkVeqHTaIaVSe

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: job_numbers; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.job_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: jobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.jobs (
    number bigint NOT NULL,
    id text NOT NULL,
    tenant text NOT NULL,
    request_key text,
    reuse_key text NOT NULL,
    state text NOT NULL,
    claim_key bigint NOT NULL,
    work bigint NOT NULL,
    lease_token bigint NOT NULL,
    end_time bigint,
    expire_time bigint,
    log_time bigint NOT NULL,
    inputs text NOT NULL,
    checkpoint text,
    record text NOT NULL
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02');


--
-- Name: labels; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.labels (
    name text NOT NULL,
    value text NOT NULL,
    number bigint NOT NULL
);


--
-- Name: lease_tokens; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.lease_tokens
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: leases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.leases (
    number bigint NOT NULL,
    token bigint NOT NULL,
    until timestamp with time zone NOT NULL
)
WITH (fillfactor='50');


--
-- Name: log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.log (
    number bigint NOT NULL,
    seq bigint NOT NULL,
    "time" bigint NOT NULL,
    event text NOT NULL
);


--
-- Name: ruyi_schema; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ruyi_schema (
    version integer NOT NULL
);


--
-- Name: totals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals (
    shard integer NOT NULL,
    waiting_jobs bigint NOT NULL,
    waiting_work bigint NOT NULL,
    running_jobs bigint NOT NULL,
    running_work bigint NOT NULL
)
WITH (fillfactor='20');


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.jobs (number, id, tenant, request_key, reuse_key, state, claim_key, work, lease_token, end_time, expire_time, log_time, inputs, checkpoint, record) FROM stdin;
1	09d0125323717d03bb5effa162511887	default	c386bbc4-cd61-4e30-98f1-6adf91b7584a	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	succeeded	1	41656608	0	1795883372039587948	2111243372039587948	1795883372039584804		\N	{"format":1,"value":{"attempts":1,"checkpoint":{"sha256":"295e68bc1c8a381c851a5275c264eb949ac6c9dd0450b7583d76360571a47421","step":40,"worked":1818940629},"crashes":0,"create_age":1795883370139959584,"create_time":1795883370139961557,"end_age":1795883372039587948,"end_time":1795883372039584804,"error":{"code":"ok","message":""},"expire_age":2111243372039587948,"expire_time":2111243372039584804,"last_seq":57,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"progress":{"per_unit":5704463,"progress":{"done":8,"phase":"decoding","skipped_steps":[],"total":8},"remaining":0},"queued":12341337,"result":{"device":"fake","file":{"sha256":"31e82fc6edc6ab8109da41a1d9f47c6996a5ab65905195acb8f2f5b746f07d00","size_bytes":320000},"frame_count":8,"frames_per_second":24,"provenance":{"build":"0.1.0","loras":{},"model":"Ruyi-Mini-7B","model_sha256":"fake","sampler":"ddim","seed":7},"reused_from":"","skipped_steps":[]},"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"start_time":1795883370187336186,"state":"succeeded","ticket":{"call_id":"c693cb4774aac768","cancel_on_disconnect":false,"id":"09d0125323717d03bb5effa162511887","labels":{},"principal":"anonymous","priority":"normal","request_digest":"c07a2c908ad602a521ca0d1602b11cc14bb8a7bb3d0acb0f5ba673d630810dcd","request_id":"c386bbc4-cd61-4e30-98f1-6adf91b7584a","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"},"usage":{"conditioning":104271665,"decoding":50517616,"denoising":1721806330,"queued":12341337,"report":{"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"peak_bytes":4366270464,"retries":0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"resumes":0,"worked":1876595801}}}
4	1ca4e8276822e0d2062c0db4f6085340	default	c4647159-c324-4985-9b81-0e766ec9d286	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	queued	4	41656608	0	\N	\N	1795883372314671602	83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef\n8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77	\N	{"format":1,"value":{"attempts":0,"crashes":0,"create_age":1795883372314627677,"create_time":1795883372314628979,"error":{"code":"ok","message":""},"last_seq":2,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"state":"queued","ticket":{"call_id":"7cb22be33d892040","cancel_on_disconnect":false,"id":"1ca4e8276822e0d2062c0db4f6085340","labels":{"number":"4"},"principal":"anonymous","priority":"normal","request_digest":"7c3578cca455099fb8156bedaa965494080c3ff5154c8eee9611cd7beed84494","request_id":"c4647159-c324-4985-9b81-0e766ec9d286","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
3	04f2b92e67421cb76a5527e1ffd64377	default	e4b06ce6-0741-47a8-bce4-2c8218072e8c	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	running	3	41656608	3	\N	\N	1795883372641126606	83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef\n8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77\nde7325766fa6fd202a56f1fdffae97453bb70335c9ef6028063b82b0c809d4ac	de7325766fa6fd202a56f1fdffae97453bb70335c9ef6028063b82b0c809d4ac	{"format":1,"value":{"attempts":1,"checkpoint":{"sha256":"de7325766fa6fd202a56f1fdffae97453bb70335c9ef6028063b82b0c809d4ac","step":9,"worked":459653191},"crashes":0,"create_age":1795883372165930066,"create_time":1795883372165930907,"error":{"code":"ok","message":""},"last_seq":15,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"progress":{"per_unit":53908724,"progress":{"done":8,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1725079192},"queued":1253560,"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"start_time":1795883372168873747,"state":"running","ticket":{"call_id":"72c61bb930568ae5","cancel_on_disconnect":false,"id":"04f2b92e67421cb76a5527e1ffd64377","labels":{"number":"3"},"principal":"anonymous","priority":"normal","request_digest":"5374500cd30daa34b0bd5a6f9ee9c302318700a5abbb0e3d29d32639528e938f","request_id":"e4b06ce6-0741-47a8-bce4-2c8218072e8c","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
2	574370fc1e738baad67dddd35e8f9623	default	c9e9c616-612e-4696-a6ce-cc1b78e51061	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	running	2	41656608	2	\N	\N	1795883372660418750	83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef\n8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77\nde7325766fa6fd202a56f1fdffae97453bb70335c9ef6028063b82b0c809d4ac	de7325766fa6fd202a56f1fdffae97453bb70335c9ef6028063b82b0c809d4ac	{"format":1,"value":{"attempts":1,"checkpoint":{"sha256":"de7325766fa6fd202a56f1fdffae97453bb70335c9ef6028063b82b0c809d4ac","step":9,"worked":531601728},"crashes":0,"create_age":1795883372086661208,"create_time":1795883372086663120,"error":{"code":"ok","message":""},"last_seq":16,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"progress":{"per_unit":53150243,"progress":{"done":9,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1647657533},"queued":1356673,"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"start_time":1795883372089279192,"state":"running","ticket":{"call_id":"6aa6548783ee1f8e","cancel_on_disconnect":false,"id":"574370fc1e738baad67dddd35e8f9623","labels":{"number":"2"},"principal":"anonymous","priority":"normal","request_digest":"95172bb631cc27c75c071fe98a73ed8c8d3dbfc9da94c1c0017ed13039a653dc","request_id":"c9e9c616-612e-4696-a6ce-cc1b78e51061","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
5	28423239a34e471ffbd2256fae8dea0f	default	b8b6d8fe-442e-4d43-b204-e52db2221a58	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	queued	5	41656608	0	\N	\N	1795883372368765773	83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef\n8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77	\N	{"format":1,"value":{"attempts":0,"crashes":0,"create_age":1795883372368731652,"create_time":1795883372368733685,"error":{"code":"ok","message":""},"last_seq":2,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"state":"queued","ticket":{"call_id":"449c47a58eff9d5e","cancel_on_disconnect":false,"id":"28423239a34e471ffbd2256fae8dea0f","labels":{"number":"5"},"principal":"anonymous","priority":"normal","request_digest":"05ce77c79695f7a75f42258ff9912087e49b9bb8e96194c60b325077829391c2","request_id":"b8b6d8fe-442e-4d43-b204-e52db2221a58","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
6	4a64ce9ac5b0336b3d40b554d7028a93	default	e6c3f339-1a2b-4f1f-b1fd-42a29755d4c1	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	queued	6	41656608	0	\N	\N	1795883372450664444	83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef\n8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77	\N	{"format":1,"value":{"attempts":0,"crashes":0,"create_age":1795883372450611665,"create_time":1795883372450613719,"error":{"code":"ok","message":""},"last_seq":2,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"state":"queued","ticket":{"call_id":"9357ad54752f14f0","cancel_on_disconnect":false,"id":"4a64ce9ac5b0336b3d40b554d7028a93","labels":{"number":"6"},"principal":"anonymous","priority":"normal","request_digest":"eb596dbb83c7685a8c4a26308df95e529fc6d072d150e20db7fb30118a80b847","request_id":"e6c3f339-1a2b-4f1f-b1fd-42a29755d4c1","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
7	a70c873f3cc143778fbb3a8ac2b2317e	default	a648a7dd-0683-4eb9-85b6-e6e307d4bedc	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	queued	7	41656608	0	\N	\N	1795883372532743374	83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef\n8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77	\N	{"format":1,"value":{"attempts":0,"crashes":0,"create_age":1795883372532694010,"create_time":1795883372532695793,"error":{"code":"ok","message":""},"last_seq":2,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"state":"queued","ticket":{"call_id":"ef3d634537ad9288","cancel_on_disconnect":false,"id":"a70c873f3cc143778fbb3a8ac2b2317e","labels":{"number":"7"},"principal":"anonymous","priority":"normal","request_digest":"ecfd1fb248dd96bbf38d3c8a3901e4ea397fdadfc8f0c273ac9deed4cbb81701","request_id":"a648a7dd-0683-4eb9-85b6-e6e307d4bedc","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
8	7d7ea58f0a4ed3660257fac9571f8870	default	c2ce6f44-7ed4-457b-9e2f-eb89414c343c	e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee	cancelled	8	41656608	0	1795883372657803600	\N	1795883372657794166		\N	{"format":1,"value":{"attempts":0,"crashes":0,"create_age":1795883372641089160,"create_time":1795883372641091153,"end_age":1795883372657803600,"end_time":1795883372657794166,"error":{"code":"cancelled","message":"the caller cancelled the video, or the call that it belongs to","reason":"CANCELLED_BY_CALLER"},"last_seq":3,"placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"resumes":0,"spec":{"camera":"auto","clip_apply_ratio":0.4,"encoding":{"crf":18,"faststart":false,"fragment_frames":8,"preset":"medium"},"end_pictures":[],"execution_timeout":"infinite","fp8":{"mode":"none","type":"e4m3fn"},"frame_count":8,"frames_per_second":24,"guidance_rescale":0.0,"guidance_scale":7.0,"latents":{"channels":16,"frames":2,"height":32,"width":32},"lora_bytes":0,"loras":[],"memory":{"policy":"auto"},"sampler":"ddim","seed":7,"size":{"height":256,"width":256},"start_pictures":[{"pixels_sha256":"83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef","source_sha256":"8e11c9c838f56f8436c9af33087e9daf02e0a4c542d7ce7eb117c531b1513b77"}],"steps":40},"state":"cancelled","ticket":{"call_id":"65b5f5f97fc0d5ae","cancel_on_disconnect":false,"id":"7d7ea58f0a4ed3660257fac9571f8870","labels":{"number":"1"},"principal":"anonymous","priority":"normal","request_digest":"1f81bbca46ac87ebadc97dd8f1e32a465414daea17686c5bb5c2c5d8351558e5","request_id":"c2ce6f44-7ed4-457b-9e2f-eb89414c343c","reuse_key":"e8a2385e556da8c7da34cc02d81ef8b40ae8118fae30938e24b72df195248dee"}}}
\.


--
-- Data for Name: labels; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.labels (name, value, number) FROM stdin;
number	2	2
number	3	3
number	4	4
number	5	5
number	6	6
number	7	7
number	1	8
\.


--
-- Data for Name: leases; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.leases (number, token, until) FROM stdin;
3	3	2026-11-28 16:30:32.633123+00
2	2	2026-11-28 16:30:32.663716+00
\.


--
-- Data for Name: log; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.log (number, seq, "time", event) FROM stdin;
1	1	1795883370139961557	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
1	2	1795883370140042438	{"format":1,"value":{"expected_wait":0,"kind":"queued","position":0}}
1	3	1795883370187336186	{"format":1,"value":{"attempt":1,"kind":"started","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"worker":"worker-0"}}
1	4	1795883370232225683	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"conditioning","skipped_steps":[],"total":2}}}
1	5	1795883370256205008	{"format":1,"value":{"kind":"progress","per_unit":85393889,"progress":{"done":1,"phase":"conditioning","skipped_steps":[],"total":2},"remaining":85393889}}
1	6	1795883370265037621	{"format":1,"value":{"kind":"progress","per_unit":49209773,"progress":{"done":2,"phase":"conditioning","skipped_steps":[],"total":2},"remaining":0}}
1	7	1795883370273884326	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"denoising","skipped_steps":[],"total":40}}}
1	8	1795883370284260793	{"format":1,"value":{"kind":"progress","per_unit":16760838,"progress":{"done":1,"phase":"denoising","skipped_steps":[],"total":40},"remaining":653672682}}
1	9	1795883370335972019	{"format":1,"value":{"kind":"progress","per_unit":33840738,"progress":{"done":2,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1285948044}}
1	10	1795883370396375136	{"format":1,"value":{"kind":"progress","per_unit":42354369,"progress":{"done":3,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1567111671}}
1	11	1795883370476129488	{"format":1,"value":{"kind":"progress","per_unit":51508923,"progress":{"done":4,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1854321255}}
1	12	1795883370527738302	{"format":1,"value":{"kind":"progress","per_unit":52134497,"progress":{"done":5,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1824707395}}
1	13	1795883370552635556	{"format":1,"value":{"kind":"progress","per_unit":47598660,"progress":{"done":6,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1618354457}}
1	14	1795883370594109244	{"format":1,"value":{"kind":"progress","per_unit":46687819,"progress":{"done":7,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1540698035}}
1	15	1795883370643542913	{"format":1,"value":{"kind":"progress","per_unit":46853236,"progress":{"done":8,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1499303576}}
1	16	1795883370672331071	{"format":1,"value":{"kind":"progress","per_unit":45012683,"progress":{"done":9,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1395393173}}
1	17	1795883370703687769	{"format":1,"value":{"kind":"progress","per_unit":43656599,"progress":{"done":10,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1309697992}}
1	18	1795883370722818893	{"format":1,"value":{"kind":"progress","per_unit":41435408,"progress":{"done":11,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1201626832}}
1	19	1795883370734210323	{"format":1,"value":{"kind":"progress","per_unit":38927989,"progress":{"done":12,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1089983699}}
1	20	1795883370798984142	{"format":1,"value":{"kind":"progress","per_unit":40635427,"progress":{"done":13,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1097156542}}
1	21	1795883370835388849	{"format":1,"value":{"kind":"progress","per_unit":40288407,"progress":{"done":14,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1047498601}}
1	22	1795883370868670348	{"format":1,"value":{"kind":"progress","per_unit":39249151,"progress":{"done":15,"phase":"denoising","skipped_steps":[],"total":40},"remaining":981228781}}
1	23	1795883370926860208	{"format":1,"value":{"kind":"progress","per_unit":41182665,"progress":{"done":16,"phase":"denoising","skipped_steps":[],"total":40},"remaining":988383960}}
1	24	1795883370960377398	{"format":1,"value":{"kind":"progress","per_unit":40600789,"progress":{"done":17,"phase":"denoising","skipped_steps":[],"total":40},"remaining":933818152}}
1	25	1795883371053135186	{"format":1,"value":{"kind":"progress","per_unit":42931386,"progress":{"done":18,"phase":"denoising","skipped_steps":[],"total":40},"remaining":944490508}}
1	26	1795883371134596424	{"format":1,"value":{"kind":"progress","per_unit":45648105,"progress":{"done":19,"phase":"denoising","skipped_steps":[],"total":40},"remaining":958610210}}
1	27	1795883371190261618	{"format":1,"value":{"kind":"progress","per_unit":46037272,"progress":{"done":20,"phase":"denoising","skipped_steps":[],"total":40},"remaining":920745455}}
1	28	1795883371225268374	{"format":1,"value":{"kind":"progress","per_unit":45506072,"progress":{"done":21,"phase":"denoising","skipped_steps":[],"total":40},"remaining":864615368}}
1	29	1795883371272111050	{"format":1,"value":{"kind":"progress","per_unit":45676738,"progress":{"done":22,"phase":"denoising","skipped_steps":[],"total":40},"remaining":822181284}}
1	30	1795883371358821734	{"format":1,"value":{"kind":"progress","per_unit":46830091,"progress":{"done":23,"phase":"denoising","skipped_steps":[],"total":40},"remaining":796111555}}
1	33	1795883371449213712	{"format":1,"value":{"kind":"progress","per_unit":45465365,"progress":{"done":26,"phase":"denoising","skipped_steps":[],"total":40},"remaining":636515110}}
1	34	1795883371472627544	{"format":1,"value":{"kind":"progress","per_unit":44642358,"progress":{"done":27,"phase":"denoising","skipped_steps":[],"total":40},"remaining":580350663}}
1	42	1795883371808243511	{"format":1,"value":{"kind":"progress","per_unit":44032682,"progress":{"done":35,"phase":"denoising","skipped_steps":[],"total":40},"remaining":220163413}}
1	43	1795883371824274200	{"format":1,"value":{"kind":"progress","per_unit":43255585,"progress":{"done":36,"phase":"denoising","skipped_steps":[],"total":40},"remaining":173022340}}
1	46	1795883371977030054	{"format":1,"value":{"kind":"progress","per_unit":43845615,"progress":{"done":39,"phase":"denoising","skipped_steps":[],"total":40},"remaining":43845615}}
1	47	1795883371988126074	{"format":1,"value":{"kind":"progress","per_unit":43018608,"progress":{"done":40,"phase":"denoising","skipped_steps":[],"total":40},"remaining":0}}
1	53	1795883372021289817	{"format":1,"value":{"kind":"progress","per_unit":6212804,"progress":{"done":5,"phase":"decoding","skipped_steps":[],"total":8},"remaining":18638412}}
2	5	1795883372149131091	{"format":1,"value":{"kind":"progress","per_unit":59862554,"progress":{"done":1,"phase":"conditioning","skipped_steps":[],"total":2},"remaining":59862554}}
4	1	1795883372314628979	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
4	2	1795883372314671602	{"format":1,"value":{"expected_wait":83313216000,"kind":"queued","position":2}}
2	9	1795883372334357334	{"format":1,"value":{"kind":"progress","per_unit":84299381,"progress":{"done":2,"phase":"denoising","skipped_steps":[],"total":40},"remaining":3203376497}}
3	10	1795883372361428570	{"format":1,"value":{"kind":"progress","per_unit":58123757,"progress":{"done":3,"phase":"denoising","skipped_steps":[],"total":40},"remaining":2150579027}}
7	1	1795883372532695793	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
7	2	1795883372532743374	{"format":1,"value":{"expected_wait":208283040000,"kind":"queued","position":5}}
8	1	1795883372641091153	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
8	2	1795883372641126606	{"format":1,"value":{"expected_wait":249939648000,"kind":"queued","position":6}}
8	3	1795883372657794166	{"format":1,"value":{"kind":"failed","status":{"code":"cancelled","message":"the caller cancelled the video, or the call that it belongs to","reason":"CANCELLED_BY_CALLER"}}}
1	31	1795883371411706410	{"format":1,"value":{"kind":"progress","per_unit":47453222,"progress":{"done":24,"phase":"denoising","skipped_steps":[],"total":40},"remaining":759251564}}
1	45	1795883371970003123	{"format":1,"value":{"kind":"progress","per_unit":44808763,"progress":{"done":38,"phase":"denoising","skipped_steps":[],"total":40},"remaining":89617527}}
3	1	1795883372165930907	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
3	2	1795883372165949976	{"format":1,"value":{"expected_wait":41656608000,"kind":"queued","position":1}}
3	7	1795883372230399011	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"denoising","skipped_steps":[],"total":40}}}
3	8	1795883372301023376	{"format":1,"value":{"kind":"progress","per_unit":99926559,"progress":{"done":1,"phase":"denoising","skipped_steps":[],"total":40},"remaining":3897135801}}
3	11	1795883372386150703	{"format":1,"value":{"kind":"progress","per_unit":49689278,"progress":{"done":4,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1788814026}}
2	12	1795883372452125884	{"format":1,"value":{"kind":"progress","per_unit":57023337,"progress":{"done":5,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1995816821}}
2	13	1795883372568308884	{"format":1,"value":{"kind":"progress","per_unit":61981044,"progress":{"done":6,"phase":"denoising","skipped_steps":[],"total":40},"remaining":2107355521}}
3	15	1795883372619593634	{"format":1,"value":{"kind":"progress","per_unit":53908724,"progress":{"done":8,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1725079192}}
2	16	1795883372660418750	{"format":1,"value":{"kind":"progress","per_unit":53150243,"progress":{"done":9,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1647657533}}
1	32	1795883371429806156	{"format":1,"value":{"kind":"progress","per_unit":46341268,"progress":{"done":25,"phase":"denoising","skipped_steps":[],"total":40},"remaining":695119031}}
1	39	1795883371702115522	{"format":1,"value":{"kind":"progress","per_unit":44760706,"progress":{"done":32,"phase":"denoising","skipped_steps":[],"total":40},"remaining":358085652}}
1	40	1795883371764481811	{"format":1,"value":{"kind":"progress","per_unit":45197098,"progress":{"done":33,"phase":"denoising","skipped_steps":[],"total":40},"remaining":316379687}}
1	48	1795883371989221057	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"decoding","skipped_steps":[],"total":8}}}
2	3	1795883372089279192	{"format":1,"value":{"attempt":1,"kind":"started","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"worker":"worker-0"}}
2	4	1795883372136193034	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"conditioning","skipped_steps":[],"total":2}}}
3	3	1795883372168873747	{"format":1,"value":{"attempt":1,"kind":"started","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"},"worker":"worker-1"}}
3	4	1795883372170260325	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"conditioning","skipped_steps":[],"total":2}}}
3	9	1795883372332388417	{"format":1,"value":{"kind":"progress","per_unit":70631175,"progress":{"done":2,"phase":"denoising","skipped_steps":[],"total":40},"remaining":2683984669}}
2	10	1795883372351511529	{"format":1,"value":{"kind":"progress","per_unit":62392968,"progress":{"done":3,"phase":"denoising","skipped_steps":[],"total":40},"remaining":2308539825}}
2	11	1795883372374578373	{"format":1,"value":{"kind":"progress","per_unit":52343732,"progress":{"done":4,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1884374379}}
6	1	1795883372450613719	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
6	2	1795883372450664444	{"format":1,"value":{"expected_wait":166626432000,"kind":"queued","position":4}}
2	14	1795883372599682944	{"format":1,"value":{"kind":"progress","per_unit":61719456,"progress":{"done":7,"phase":"denoising","skipped_steps":[],"total":40},"remaining":2036742064}}
1	35	1795883371525094888	{"format":1,"value":{"kind":"progress","per_unit":44925606,"progress":{"done":28,"phase":"denoising","skipped_steps":[],"total":40},"remaining":539107278}}
1	36	1795883371566013498	{"format":1,"value":{"kind":"progress","per_unit":44780713,"progress":{"done":29,"phase":"denoising","skipped_steps":[],"total":40},"remaining":492587843}}
1	37	1795883371591053885	{"format":1,"value":{"kind":"progress","per_unit":43626155,"progress":{"done":30,"phase":"denoising","skipped_steps":[],"total":40},"remaining":436261557}}
1	38	1795883371632064482	{"format":1,"value":{"kind":"progress","per_unit":43884770,"progress":{"done":31,"phase":"denoising","skipped_steps":[],"total":40},"remaining":394962932}}
1	41	1795883371786793188	{"format":1,"value":{"kind":"progress","per_unit":44690252,"progress":{"done":34,"phase":"denoising","skipped_steps":[],"total":40},"remaining":268141512}}
1	44	1795883371929983805	{"format":1,"value":{"kind":"progress","per_unit":44940851,"progress":{"done":37,"phase":"denoising","skipped_steps":[],"total":40},"remaining":134822553}}
1	49	1795883371995660721	{"format":1,"value":{"kind":"progress","per_unit":5786710,"progress":{"done":1,"phase":"decoding","skipped_steps":[],"total":8},"remaining":40506970}}
1	50	1795883372004263202	{"format":1,"value":{"kind":"progress","per_unit":7320162,"progress":{"done":2,"phase":"decoding","skipped_steps":[],"total":8},"remaining":43920975}}
1	51	1795883372011432325	{"format":1,"value":{"kind":"progress","per_unit":7010843,"progress":{"done":3,"phase":"decoding","skipped_steps":[],"total":8},"remaining":35054215}}
1	52	1795883372015600381	{"format":1,"value":{"kind":"progress","per_unit":6670626,"progress":{"done":4,"phase":"decoding","skipped_steps":[],"total":8},"remaining":26682506}}
1	54	1795883372026201613	{"format":1,"value":{"kind":"progress","per_unit":6189840,"progress":{"done":6,"phase":"decoding","skipped_steps":[],"total":8},"remaining":12379680}}
1	55	1795883372030636818	{"format":1,"value":{"kind":"progress","per_unit":5947782,"progress":{"done":7,"phase":"decoding","skipped_steps":[],"total":8},"remaining":5947782}}
1	56	1795883372034851264	{"format":1,"value":{"kind":"progress","per_unit":5704463,"progress":{"done":8,"phase":"decoding","skipped_steps":[],"total":8},"remaining":0}}
1	57	1795883372039584804	{"format":1,"value":{"kind":"completed","result":{"device":"fake","file":{"sha256":"31e82fc6edc6ab8109da41a1d9f47c6996a5ab65905195acb8f2f5b746f07d00","size_bytes":320000},"frame_count":8,"frames_per_second":24,"provenance":{"build":"0.1.0","loras":{},"model":"Ruyi-Mini-7B","model_sha256":"fake","sampler":"ddim","seed":7},"reused_from":"","skipped_steps":[]},"usage":{"conditioning":104271665,"decoding":50517616,"denoising":1721806330,"queued":12341337,"report":{"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"peak_bytes":4366270464,"retries":0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"resumes":0,"worked":1876595801}}}
2	1	1795883372086663120	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
2	2	1795883372086703651	{"format":1,"value":{"expected_wait":0,"kind":"queued","position":0}}
2	6	1795883372163289938	{"format":1,"value":{"kind":"progress","per_unit":33078296,"progress":{"done":2,"phase":"conditioning","skipped_steps":[],"total":2},"remaining":0}}
2	7	1795883372165845260	{"format":1,"value":{"kind":"progress","progress":{"done":0,"phase":"denoising","skipped_steps":[],"total":40}}}
3	5	1795883372174217387	{"format":1,"value":{"kind":"progress","per_unit":5570798,"progress":{"done":1,"phase":"conditioning","skipped_steps":[],"total":2},"remaining":5570798}}
3	6	1795883372178241829	{"format":1,"value":{"kind":"progress","per_unit":4825492,"progress":{"done":2,"phase":"conditioning","skipped_steps":[],"total":2},"remaining":0}}
2	8	1795883372268430685	{"format":1,"value":{"kind":"progress","per_unit":84034387,"progress":{"done":1,"phase":"denoising","skipped_steps":[],"total":40},"remaining":3277341093}}
5	1	1795883372368733685	{"format":1,"value":{"kind":"accepted","placement":{"budget_bytes":9223372036854775807,"fallbacks":[{"host_bytes":3145728000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":1,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":3250585600,"seconds":0.0},{"peak_bytes":3317694464,"seconds":0.131072},{"peak_bytes":3261071360,"seconds":0.5},{"peak_bytes":3259498496,"seconds":41.5744},{"peak_bytes":3317694464,"seconds":0.065536}]},{"host_bytes":4194304000,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":0,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":2202009600,"seconds":0.0},{"peak_bytes":2269118464,"seconds":0.131072},{"peak_bytes":2212495360,"seconds":0.5},{"peak_bytes":2210922496,"seconds":41.7792},{"peak_bytes":2269118464,"seconds":0.065536}]}],"prediction":{"host_bytes":0,"mode":{"autoencoder_in_slabs":false,"branches_in_turn":true,"resident_blocks":4,"resident_states":3},"raise":1.0,"stages":[{"peak_bytes":4299161600,"seconds":0.0},{"peak_bytes":4366270464,"seconds":0.131072},{"peak_bytes":4309647360,"seconds":0.5},{"peak_bytes":4308074496,"seconds":40.96},{"peak_bytes":4366270464,"seconds":0.065536}]},"reason":"the fastest mode fits: it takes 4164 of 8796093022208 MiB, in encoding"}}}
5	2	1795883372368765773	{"format":1,"value":{"expected_wait":124969824000,"kind":"queued","position":3}}
3	12	1795883372473517463	{"format":1,"value":{"kind":"progress","per_unit":57081933,"progress":{"done":5,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1997867681}}
3	13	1795883372537831066	{"format":1,"value":{"kind":"progress","per_unit":58165402,"progress":{"done":6,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1977623668}}
3	14	1795883372588952914	{"format":1,"value":{"kind":"progress","per_unit":57322623,"progress":{"done":7,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1891646575}}
2	15	1795883372607092305	{"format":1,"value":{"kind":"progress","per_unit":55354366,"progress":{"done":8,"phase":"denoising","skipped_steps":[],"total":40},"remaining":1771339728}}
\.


--
-- Data for Name: ruyi_schema; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.ruyi_schema (version) FROM stdin;
1
\.


--
-- Data for Name: totals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.totals (shard, waiting_jobs, waiting_work, running_jobs, running_work) FROM stdin;
0	0	0	0	0
1	0	0	0	0
2	0	0	0	0
3	0	0	0	0
4	0	0	0	0
5	0	0	0	0
6	0	0	0	0
7	0	0	0	0
8	0	0	0	0
9	0	0	0	0
10	0	0	0	0
11	0	0	0	0
12	0	0	0	0
13	0	0	0	0
14	0	0	0	0
15	0	0	0	0
16	0	0	0	0
18	0	0	0	0
19	0	0	0	0
20	0	0	0	0
21	0	0	0	0
22	2	83313216	0	0
17	-1	-41656608	2	83313216
23	0	0	0	0
24	0	0	0	0
25	0	0	0	0
26	0	0	0	0
27	0	0	0	0
28	0	0	0	0
29	0	0	0	0
30	0	0	0	0
31	0	0	0	0
32	0	0	0	0
33	0	0	0	0
34	0	0	0	0
35	0	0	0	0
36	0	0	0	0
37	0	0	0	0
38	0	0	0	0
39	0	0	0	0
41	0	0	0	0
42	0	0	0	0
43	0	0	0	0
44	0	0	0	0
45	0	0	0	0
40	2	83313216	0	0
46	0	0	0	0
47	0	0	0	0
48	0	0	0	0
49	0	0	0	0
50	0	0	0	0
51	0	0	0	0
52	0	0	0	0
53	0	0	0	0
55	0	0	0	0
56	0	0	0	0
57	0	0	0	0
58	0	0	0	0
59	0	0	0	0
60	0	0	0	0
61	0	0	0	0
62	0	0	0	0
63	0	0	0	0
54	1	41656608	0	0
\.


--
-- Name: job_numbers; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.job_numbers', 8, true);


--
-- Name: lease_tokens; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.lease_tokens', 3, true);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (number);


--
-- Name: labels labels_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (name, value, number);


--
-- Name: leases leases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (number);


--
-- Name: log log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (number, seq);


--
-- Name: totals totals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals
    ADD CONSTRAINT totals_pkey PRIMARY KEY (shard);


--
-- Name: jobs_checkpoint; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_checkpoint ON public.jobs USING btree (checkpoint) WHERE (checkpoint IS NOT NULL);


--
-- Name: jobs_ended; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_ended ON public.jobs USING btree (end_time) WHERE (end_time IS NOT NULL);


--
-- Name: jobs_expiring; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_expiring ON public.jobs USING btree (expire_time) WHERE (state = 'succeeded'::text);


--
-- Name: jobs_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX jobs_id ON public.jobs USING btree (id);


--
-- Name: jobs_request; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX jobs_request ON public.jobs USING btree (request_key) WHERE (request_key IS NOT NULL);


--
-- Name: jobs_reusable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_reusable ON public.jobs USING btree (reuse_key, number) WHERE (state = 'succeeded'::text);


--
-- Name: jobs_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_state ON public.jobs USING btree (state, number);


--
-- Name: jobs_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_tenant ON public.jobs USING btree (tenant, number);


--
-- Name: jobs_waiting; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_waiting ON public.jobs USING btree (claim_key, number) INCLUDE (work) WHERE (state = 'queued'::text);


--
-- Name: labels_of_job; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX labels_of_job ON public.labels USING btree (number);


--
-- PostgreSQL database dump complete
--

\unrestrict snlCRHJRUa7KX57hewYqVZE8dgliR3ejDahH2rdQwwx3xIHboePkVeqHTaIaVSe

